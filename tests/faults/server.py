"""A PostgreSQL server of one test, which can be killed, promoted and copied."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from voyagent.drivers.postgres.launcher import OWNER, ensure_server, run_program, stop_server
from voyagent.drivers.postgres.place import find_location, find_programs
from voyagent.kernel.db_address import libpq_parameters, psycopg_url

MIB = 1024 * 1024
BLOCK = 4096


class Server:
    """A server with a folder of its own, started as `app.py` starts the embedded one.

    A `fast` server may lose data at a power cut.
    """

    def __init__(self, data_dir: Path, *, fast: bool = False) -> None:
        self._data_dir, self._fast = data_dir, fast
        self.place = find_location(data_dir)
        self._programs = find_programs(self.place)
        self.urls = ("", "")
        """Addresses as the owner and as the application, once the server was started."""

    def start(self) -> float:
        """Create the server if necessary and start it; return the seconds.

        After a crash PostgreSQL first recovers its data. A running server is left alone.
        """
        began = time.monotonic()
        started = ensure_server(self._data_dir, fast=self._fast)
        self.urls = started.admin_url, started.app_url
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop the server in order."""
        stop_server(self._data_dir)

    def control(self, act: str, *options: str) -> None:
        """Run an act of pg_ctl, such as `promote`, and wait until it is done."""
        place = self.place
        self.run("pg_ctl", act, "-D", place.cluster, "-w", "-s", *options)

    def restart_at_once(self) -> None:
        """Restart the server without an orderly end; return when it accepts connections."""
        self.control("restart", "-m", "immediate", "-l", str(self.place.log))

    def kill(self) -> None:
        """Kill all processes of the server, as at a power cut."""
        postmaster = int((self.place.cluster / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)  # it starts no more processes
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def run(self, program: str, *arguments: str | float | Path) -> str:
        """Run a program of PostgreSQL as the server's account; return its output."""
        done = run_program(self.place, self._programs / program, *arguments)
        assert done.returncode == 0, f"{program}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def client(self, program: str, *arguments: str | Path, user: str = OWNER) -> str:
        """Run a program that connects to the server, by default as its owner."""
        where = ("-h", self.place.sockets, "-p", 5432, "-U", user)
        return self.run(program, *where, *arguments)

    def tell(self, *statements: str, database: str = "postgres") -> None:
        """Run SQL as the owner, each statement in its own transaction."""
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement)

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect to a database as the owner, with autocommit."""
        parameters = libpq_parameters(self.urls[0]) | {"dbname": database}
        return psycopg.connect(**parameters, autocommit=True)  # type: ignore[arg-type]

    def configure(self, **values: str) -> None:
        """Change settings of the running server."""
        self.tell(
            *(f"alter system set {name} = '{value}'" for name, value in values.items()),
            "select pg_reload_conf()",
        )

    def copy_to(self, other: Server, *options: str) -> None:
        """Make another server's data folder a base backup of this one, and verify it."""
        other.own(other.place.cluster)
        own = ("-D", other.place.cluster, "-X", "stream", "--checkpoint=fast")
        self.client("pg_basebackup", *own, *options)
        other.run("pg_verifybackup", other.place.cluster)
        # The socket of the embedded server is in its data folder, and so was copied with its lock.
        (other.place.cluster / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def own(self, folder: Path) -> None:
        """Create a private folder of the server's account."""
        folder.mkdir(mode=0o700)
        if self.place.account is not None:
            os.chown(folder, self.place.account.uid, self.place.account.gid)

    def move_wal(self, folder: Path) -> None:
        """Keep the write-ahead log in another folder, as `initdb --waldir` does."""
        self.stop()
        inside, outside = self.place.cluster / "pg_wal", folder / "wal"
        self.own(outside)
        done = run_program(self.place, Path("/bin/cp"), "-a", f"{inside}/.", outside)
        assert done.returncode == 0, done.stderr
        shutil.rmtree(inside)
        inside.symlink_to(outside)
        self.start()

    def remove(self) -> None:
        """End the server, whatever its state, and delete its files."""
        run_program(
            self.place,
            self._programs / "pg_ctl",
            *("stop", "-D", self.place.cluster, "-m", "immediate", "-w", "-s"),
        )
        shutil.rmtree(self.place.home, ignore_errors=True)  # a mounted folder itself stays


@contextmanager
def server_of(data_dir: Path, *, fast: bool = False) -> Iterator[Server]:
    """Run a server until the block ends."""
    server = Server(data_dir, fast=fast)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def with_host_of(url: str, other: str) -> str:
    """Return a database URL with the host of another one after its own."""
    return f"{url}&host={quote(libpq_parameters(psycopg_url(other))['host'])}"


# Disks
# --------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """Mount a file system of a fixed size on a folder; skip where that is impossible."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or unmount is None:
        pytest.skip("only root can mount the small file system that is to be filled")
    options = f"size={mebibytes}m,mode=0755"
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"no small file system can be mounted: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run([unmount, "-l", str(folder)], check=True)


class Ballast:
    """A file that takes all free space of the file system of a folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ballast"

    def fill(self) -> None:
        """Write until nothing more fits."""
        with self._file.open("ab", buffering=0) as file:
            for size in (MIB, BLOCK):
                with suppress(_Full):
                    while True:
                        _write(file.fileno(), bytes(size))

    def remove(self) -> None:
        """Free the space."""
        self._file.unlink(missing_ok=True)


class _Full(Exception):
    pass


def _write(descriptor: int, data: bytes) -> None:
    try:
        os.write(descriptor, data)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise _Full from None
