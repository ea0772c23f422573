"""The client's IP address, from the connection or as a trusted proxy reports it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import cast

from flask import current_app, request

from voyagent.kernel.config import Address, Network, Settings


def client_address() -> str:
    """Return the client's IP address, or an empty string if it is unknown.

    The header `X-Forwarded-For` is used only if the connection comes from an address in
    `VOYAGENT_TRUSTED_PROXIES`, because any client can send this header.
    """
    settings = cast("Settings", current_app.extensions["voyagent.settings"])
    return client_address_of(
        request.remote_addr or "",
        # WSGI joins the headers of one name, and `getlist` would read the whole environment.
        [request.headers.get("X-Forwarded-For", "")],
        settings.trusted_networks,
    )


def client_network() -> str | None:
    """Return the client's IPv4 address or IPv6 /64, which counts as one client.

    The result is None if the address is unknown, or if it belongs to this machine or to a trusted
    proxy.
    """
    settings = cast("Settings", current_app.extensions["voyagent.settings"])
    found = _address(client_address())
    if found is None or found.is_loopback:
        return None
    if any(found in network for network in settings.trusted_networks):
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return str(found)


def client_address_of(peer: str, forwarded: Iterable[str], trusted: Iterable[Network]) -> str:
    """Return the address of the client behind the trusted proxies.

    `peer` is the address that connected to this server. `forwarded` has the values of the header
    `X-Forwarded-For`. The addresses are checked from right to left, beginning with `peer`, because
    a client can send any addresses itself. The first address that is not a trusted proxy is
    returned. If an address cannot be parsed, the trusted proxy that reported it is returned.
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


@lru_cache(maxsize=1024)
def _address(text: str) -> Address | None:
    """Parse an IP address as proxies write it: with or without port and IPv6 brackets.

    The results are cached, because parsing takes longer than the rest of this module.
    """
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
