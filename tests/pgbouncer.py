"""PgBouncer in transaction mode, in front of a database of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa

from tests.conftest import fresh_database
from tests.processes import end
from voyagent.kernel import db_connections
from voyagent.kernel.config import Settings
from voyagent.kernel.database import logins
from voyagent.kernel.db_address import libpq_parameters

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONFIG = """
[databases]
* = host={folder} port=5432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
admin_users = admin
pool_mode = transaction
max_prepared_statements = 200
default_pool_size = 5
query_wait_timeout = 5
max_client_conn = 1000
"""


class PgBouncer:
    """The process, on a port of its own, in front of a server's socket."""

    def __init__(self, folder: str, *logins: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._account = Path(folder).stat()  # PgBouncer refuses to run as root
        self._place = Path(tempfile.mkdtemp())
        self._config = self._place / "pgbouncer.ini"
        users = self._place / "users"
        users.write_text("".join(f'"{name}" ""\n' for name in (*logins, "admin")))
        self._config.write_text(CONFIG.format(folder=folder, port=self.port, users=users))
        for path in (self._place, users, self._config):
            os.chown(path, self._account.st_uid, self._account.st_gid)
        self.start()

    def start(self) -> None:
        """Start the process, or start it again, and wait until it accepts connections."""
        is_root = os.geteuid() == 0
        self._process = subprocess.Popen(
            [PROGRAM or "", str(self._config)],
            user=self._account.st_uid if is_root else None,
            group=self._account.st_gid if is_root else None,
            extra_groups=[] if is_root else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self._process.poll() is None, "PgBouncer has ended"
            time.sleep(0.05)
        raise AssertionError("PgBouncer accepts no connection")

    def kill(self) -> None:
        """End the process without notice."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """End the process and remove its files."""
        end(self._process, within_s=5)
        shutil.rmtree(self._place)


@dataclass
class Pooler:
    """PgBouncer with a database of its own and two logins of the program."""

    settings: Settings
    reads: str
    direct: str
    owner: sa.Engine
    server: PgBouncer

    @property
    def port(self) -> int:
        """Return the port of PgBouncer."""
        return self.server.port

    def reconnect(self) -> None:
        """Close the connections to the server, which have the settings of their start."""
        with psycopg.connect(
            f"postgresql://admin@127.0.0.1:{self.port}/pgbouncer", autocommit=True
        ) as admin:
            admin.execute("reconnect")

    def forgotten(self) -> None:
        """Make this process find out again which addresses are those of a pooler."""
        db_connections._pooled.clear()  # noqa: SLF001


@contextmanager
def pooled_database(server_urls: tuple[str, str], folder: Path) -> Iterator[Pooler]:
    """Run PgBouncer in front of a new, migrated database until the block ends."""
    web, reads = (f"{kind}_{secrets.token_hex(4)}" for kind in ("web", "read"))
    with fresh_database(server_urls, folder) as made:
        owner = sa.create_engine(made.db_admin_url or "", poolclass=sa.NullPool)
        with owner.begin() as connection:
            for login in (web, reads):
                connection.execute(sa.text(f"create role {login} login noinherit"))
        address = libpq_parameters(made.db_url or "")
        server = PgBouncer(address["host"], web, reads)
        try:
            pooled = "postgresql://{}@127.0.0.1:{}/" + address["dbname"]
            direct = sa.make_url(made.db_url or "").set(username=web)
            settings = made.model_copy(
                update={
                    "db_url": pooled.format(web, server.port),
                    "db_read_url": pooled.format(reads, server.port),
                }
            )
            logins.grant_app_role(settings)
            logins.store_session_settings(settings)
            pooler = Pooler(
                settings.model_copy(update={"db_read_url": None}),
                pooled.format(reads, server.port),
                direct.render_as_string(hide_password=False),
                owner,
                server,
            )
            pooler.reconnect()
            yield pooler
            with owner.begin() as connection:
                for login in (web, reads):
                    connection.execute(sa.text(f"drop owned by {login}"))
                    connection.execute(sa.text(f"drop role {login}"))
        finally:
            server.close()
