"""Where a request comes from: the peer, or what a proxy that we trust says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import cast

from flask import current_app, request

from voyagent.kernel.config import Address, Network, Settings


def client_address() -> str:
    """The client's address, or an empty text where the connection has none.

    `X-Forwarded-For` is believed only from a peer in `VOYAGENT_TRUSTED_PROXIES`: anybody can send
    that header.
    """
    settings = cast("Settings", current_app.extensions["voyagent.settings"])
    return address_behind(
        request.remote_addr or "",
        request.headers.getlist("X-Forwarded-For"),
        settings.trusted_networks,
    )


def address_behind(peer: str, forwarded: Iterable[str], trusted: Iterable[Network]) -> str:
    """The first address, going from the peer outward, that no trusted proxy has; the farthest proxy
    where a hop cannot be read.

    Each proxy appends whom it got the request from, so the header is read from its right end and
    what stands left of the first stranger is the stranger's own claim.
    """
    networks = list(trusted)
    known = _address(peer)
    if known is None:
        return ""
    hops = [hop for line in forwarded for hop in line.split(",")]
    while hops and any(known in network for network in networks):
        hop = _address(hops.pop())
        if hop is None:
            break
        known = hop
    return str(known)


def _address(text: str) -> Address | None:
    """An address as proxies write it: with a port or not, IPv6 in brackets or not."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
