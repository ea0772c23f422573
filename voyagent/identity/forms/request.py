"""Data of the current request for the pages and the JSON API of identity."""

from __future__ import annotations

from typing import cast

from flask import current_app, request

from voyagent.http.client import client_address
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel.actor import Channel


def identity() -> Identity:
    """Return the `Identity` that the services of identity take as an argument."""
    return cast("Identity", current_app.extensions["voyagent.identity"])


def device(channel: Channel) -> Device:
    """Return the client's browser or program, and the client's IP address."""
    agent = "".join(letter for letter in request.user_agent.string if letter.isprintable())
    return Device(channel, user_agent=agent, ip=client_address())
