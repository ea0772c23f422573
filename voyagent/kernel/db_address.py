"""Addresses of databases, as URLs or keyword strings, which only libpq parses.

Several hosts can be written as `postgresql://u@h1:5432,h2:5433/d`, as
`postgresql://u@/d?host=h1:5432&host=h2:5433`, or as `host=h1,h2 port=5432,5433 dbname=d user=u`.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

CONNECT_TIMEOUT_S = 5
SEVERAL_HOSTS = {"connect_timeout": "2", "tcp_user_timeout": "5000"}
"""Time limits of an address with several hosts."""
_DRIVER = re.compile(r"^postgres(?:ql)?(?:\+psycopg)?://")
_PORT = re.compile(r"(\d*,)*\d*")
_HOST_AND_PORT = re.compile(r"[^:]*:\d+")
# libpq would take these parts of a password that is not encoded for a host or a database.
_UNENCODED = ("@", "://")


def psycopg_url(address: str) -> str:
    """Return a database URL without a driver name such as `+psycopg`.

    Text that is not such a URL is returned unchanged.
    """
    return _DRIVER.sub("postgresql://", address)


def libpq_parameters(address: str) -> dict[str, str]:
    """Return the parameters of an address by libpq's names, such as `host`.

    Raises ValueError for an invalid address. The message does not contain the address, which may
    include a password.
    """
    try:
        found = conninfo_to_dict(_with_hosts_joined(psycopg_url(address)))
    except psycopg.Error:
        raise ValueError("not an address of a PostgreSQL database") from None
    parameters = {name: str(value) for name, value in found.items() if value not in {None, ""}}
    if (
        not address.strip()
        or not _PORT.fullmatch(parameters.get("port", ""))
        or any(mark in parameters.get("host", "") for mark in _UNENCODED)
    ):
        raise ValueError("not an address of a PostgreSQL database")
    return parameters


def connection_parameters(
    address: str, application_name: str, *, server: str = "read-write"
) -> dict[str, Any]:
    """Return the parameters of a connection, with time limits.

    Parameters in the address take precedence over the defaults. If the address has several hosts,
    `server` is the kind of server to connect to (`target_session_attrs` of libpq). Raises
    ValueError as `libpq_parameters` does.
    """
    given = libpq_parameters(address)
    hosts = given.get("host", "") + given.get("hostaddr", "")
    defaults = {"connect_timeout": str(CONNECT_TIMEOUT_S)}
    if "," in hosts:
        defaults = SEVERAL_HOSTS | {"target_session_attrs": server}
    return defaults | given | {"application_name": application_name}


def single_hosts(address: str) -> dict[str, dict[str, str]]:
    """Return the parameters of a connection to each host of an address.

    The keys are `host:port`. The kind of server (`target_session_attrs`) is left out. Raises
    ValueError as `libpq_parameters` does.
    """
    given = libpq_parameters(address)
    for name in ("target_session_attrs", "load_balance_hosts"):
        given.pop(name, None)
    hosts = given.get("host", "").split(",")
    ports = given.pop("port", "5432").split(",")
    addresses = given.pop("hostaddr", "").split(",")
    found = {}
    for number in range(max(len(hosts), len(addresses))):
        own = {
            "host": hosts[number] if number < len(hosts) else "",
            "hostaddr": addresses[number] if number < len(addresses) else "",
            "port": (ports[number] if len(ports) > 1 else ports[0]) or "5432",
        }
        name = f"{own['host'] or own['hostaddr']}:{own['port']}"
        found[name] = SEVERAL_HOSTS | given | {key: value for key, value in own.items() if value}
    return found


def without_password(message: str, address: str) -> str:
    """Return a driver's message with asterisks instead of the address's password."""
    password = libpq_parameters(address).get("password")
    return message.replace(password, "***") if password else message


def _with_hosts_joined(url: str) -> str:
    """Join the repeated parameters `host` and `port` in the query string of a URL.

    Libpq would use only the last `host` and the last `port`.
    """
    base, mark, query = url.partition("?")
    if not mark or not url.startswith("postgresql://"):
        return url
    pairs = [pair.partition("=")[::2] for pair in query.split("&")]
    hosts = [value for name, value in pairs if name == "host"]
    ports = [value for name, value in pairs if name == "port"]
    if any(map(_HOST_AND_PORT.fullmatch, hosts)):
        ports = [host.partition(":")[2] for host in hosts]
        hosts = [host.partition(":")[0] for host in hosts]
    elif len(hosts) < 2:
        return url
    others = [f"{name}={value}" for name, value in pairs if name not in {"host", "port"}]
    joined = [*others, f"host={','.join(hosts)}", f"port={','.join(ports)}"]
    return f"{base}?{'&'.join(joined)}"
