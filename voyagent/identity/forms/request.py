"""Parts that pages and API of identity share."""

from __future__ import annotations

from typing import cast

from flask import current_app, request

from voyagent.http.client import client_address
from voyagent.identity.service import Device, Identity
from voyagent.kernel.actor import Channel


def identity() -> Identity:
    """Return the rules with this installation's parameters."""
    return cast("Identity", current_app.extensions["voyagent.identity"])


def device(channel: Channel) -> Device:
    """Return the client of the request; values that a header cannot hold are left out."""
    agent = "".join(letter for letter in request.user_agent.string if letter.isprintable())
    return Device(channel, user_agent=agent, ip=client_address())
