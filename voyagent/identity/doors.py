"""What both doors of coming in need: the installation's rules, and where the caller sits."""

from __future__ import annotations

from typing import cast

from flask import current_app, request

from voyagent.http.client import client_address
from voyagent.identity.service import Device, Identity
from voyagent.kernel.actor import Channel


def identity() -> Identity:
    """The rules with this installation's parameters."""
    return cast("Identity", current_app.extensions["voyagent.identity"])


def device(channel: Channel) -> Device:
    """Where the present request comes from; what a header cannot hold honestly is left out."""
    agent = "".join(letter for letter in request.user_agent.string if letter.isprintable())
    return Device(channel, user_agent=agent, ip=client_address())
