"""Address of the client: the peer's, or the one that a trusted proxy states."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from flask import Flask

from voyagent.http.client import client_address, client_address_of, client_network
from voyagent.kernel.config import Settings

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ff::/48")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.1"], "198.51.100.7"),  # a stranger may write what it likes
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["203.0.113.1"], "203.0.113.1"),
        (
            "10.0.0.5",
            ["192.0.2.66, 203.0.113.1"],
            "203.0.113.1",
        ),  # the client's own claim stands farther left
        ("10.0.0.5", ["203.0.113.1, 10.1.1.1, 10.2.2.2"], "203.0.113.1"),
        ("10.0.0.5", ["203.0.113.1", "10.1.1.1"], "203.0.113.1"),  # the header came twice
        ("10.0.0.5", ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        ("10.0.0.5", ["203.0.113.1:4711"], "203.0.113.1"),
        ("10.0.0.5", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.5", ["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.5", ['"[2001:db8::7]:4711"'], "2001:db8::7"),
        ("2001:db8:ff::1", ["203.0.113.1"], "203.0.113.1"),
        (
            "::ffff:10.0.0.5",
            ["203.0.113.1"],
            "203.0.113.1",
        ),  # a proxy seen on a socket of both kinds
        ("10.0.0.5", ["::ffff:203.0.113.1"], "203.0.113.1"),
        (
            "10.0.0.5",
            ["203.0.113.1, unknown"],
            "10.0.0.5",
        ),  # past a hop that cannot be read nothing is believed
        ("10.0.0.5", ["203.0.113.1, unknown, 10.1.1.1"], "10.1.1.1"),
        ("10.0.0.5", [""], "10.0.0.5"),
        ("10.0.0.5", [",,"], "10.0.0.5"),
        ("10.0.0.5", ["' or 1=1 --"], "10.0.0.5"),
        ("10.0.0.5", ["999.1.1.1"], "10.0.0.5"),
        ("10.0.0.5", ["[2001:db8::7"], "2001:db8::7"),
        ("", ["203.0.113.1"], ""),
        ("a socket", ["203.0.113.1"], ""),
    ],
)
def test_the_client_address_is_the_last_one_that_is_no_trusted_proxy(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert client_address_of(peer, forwarded, TRUSTED) == client


def test_without_trusted_proxies_the_header_is_ignored(app: Flask, settings: Settings) -> None:
    with app.test_request_context(
        headers={"X-Forwarded-For": "203.0.113.1"}, environ_base={"REMOTE_ADDR": "10.0.0.5"}
    ):
        assert client_address() == "10.0.0.5"


def test_a_trusted_proxys_header_is_used(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = settings.model_copy(update={"trusted_proxies": "192.0.2.1, 10.0.0.0/8"})
    monkeypatch.setitem(app.extensions, "voyagent.settings", behind)
    with app.test_request_context(
        headers={"X-Forwarded-For": "203.0.113.1"}, environ_base={"REMOTE_ADDR": "10.0.0.5"}
    ):
        assert client_address() == "203.0.113.1"


def test_a_session_stores_the_client_address(app: Flask) -> None:
    from voyagent.identity.forms.request import (  # noqa: PLC0415
        device,
    )
    from voyagent.kernel.actor import Channel  # noqa: PLC0415 - beside it

    with app.test_request_context(environ_base={"REMOTE_ADDR": "198.51.100.7"}):
        assert device(Channel.API).ip == "198.51.100.7"


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8::7", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("127.0.0.1", None),
        ("a socket", None),
    ],
)
def test_one_client_is_an_ipv4_address_or_an_ipv6_network(
    app: Flask, peer: str, network: str | None
) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": peer}):
        assert client_network() == network
