"""The client's address: the peer's, or the one that a trusted proxy reports."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import cast

from flask import current_app, request

from voyagent.kernel.config import Address, Network, Settings


def client_address() -> str:
    """Return the client's address, or an empty text without one.

    `X-Forwarded-For` is read only from a peer in `VOYAGENT_TRUSTED_PROXIES`, because any client can
    send it.
    """
    settings = cast("Settings", current_app.extensions["voyagent.settings"])
    return address_behind(
        request.remote_addr or "",
        request.headers.getlist("X-Forwarded-For"),
        settings.trusted_networks,
    )


def address_behind(peer: str, forwarded: Iterable[str], trusted: Iterable[Network]) -> str:
    """Return the first address from the peer outward that is no trusted proxy.

    Each proxy appends its peer, so the header is read from its right end; anything left of the
    first untrusted address is that client's own claim. If a hop cannot be read, the farthest proxy
    is returned.
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
    """Read an address as proxies write it: optional port, IPv6 with or without brackets."""
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
