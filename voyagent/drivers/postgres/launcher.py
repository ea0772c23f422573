"""Start, find and stop the embedded PostgreSQL server.

Many processes may use this module at the same time, as root or as another user, and also after
processes were killed. The server listens on a socket in a private folder and on no TCP port, so it
needs no passwords.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from voyagent.drivers.postgres.errors import ServerStartFailed, WrongServerVersion
from voyagent.drivers.postgres.place import Place, find_location, find_programs, make_own_folder

MAJOR_VERSION = "18"
OWNER = "postgres"
APP_ROLE = "voyagent_app"
BACKUP_ROLE = "voyagent_backup"
DATABASE = "voyagent"
CONNECTIONS_MAX = 200
START_ATTEMPTS_FOR_S = 8.0
RECOVERY_TIMEOUT_S = 60
LOG_TAIL_BYTES = 2000
PROCESS_NEVER = 2**22 + 1  # larger than any process id of Linux
_FAST_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A running server: its folders, and a database URL for each role.

    `home` has all folders of the server, and `socket_dir` has its socket. `kept` is the path to
    which this start has renamed the data folder of an older version, or None.
    """

    admin_url: str
    app_url: str
    backup_url: str
    home: Path
    socket_dir: Path
    kept: Path | None


def ensure_server(data_dir: Path, *, fast: bool = False) -> ServerInfo:
    """Return the server of a data folder; create and start the server if needed.

    With `fast`, for tests, the server does not wait until data is on the disk. Raises an
    EmbeddedServerError whose message says what to do.
    """
    place = find_location(data_dir)
    return ensure_started(place, find_programs(place), MAJOR_VERSION, fast=fast)


def ensure_started(place: Place, programs: Path, version: str, *, fast: bool = False) -> ServerInfo:
    """Return the server of a place; create and start it with `programs` if needed.

    `version` is the major version of the programs. Raises an EmbeddedServerError.
    """
    kept = None
    with _locked(place.home / "start.lock"):
        if not _is_ready(place, programs):
            kept = _finish_replacement(place)
            _make_cluster(place, programs, version, fast=fast)
            _start(place, programs, fast=fast)
        _furnish(place)
    admin_url, app_url, backup_url = (
        _address(place, role) for role in (OWNER, APP_ROLE, BACKUP_ROLE)
    )
    return ServerInfo(admin_url, app_url, backup_url, place.home, place.sockets, kept)


def stop_server(data_dir: Path) -> None:
    """Stop the server of a data folder and close its connections.

    If the server is already stopped, nothing happens.
    """
    place = find_location(data_dir)
    ensure_stopped(place, find_programs(place))


def ensure_stopped(place: Place, programs: Path) -> None:
    """Stop the server of a place, which may be stopped already."""
    with _locked(place.home / "start.lock"):
        run_program(
            place,
            programs / "pg_ctl",
            "stop",
            "-D",
            place.cluster,
            "-m",
            "fast",
            "-w",
            "-t",
            RECOVERY_TIMEOUT_S,
            "-s",
        )


@contextmanager
def shared_server(data_dir: Path, *, fast: bool = False) -> Iterator[ServerInfo]:
    """Start the server of a data folder if it is not running, and yield it.

    Several processes may use this at once. The last one to leave its `with` block stops the server.
    """
    users = open_lock(users_lock(find_location(data_dir)))
    me = os.getpid()
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        yield ensure_server(data_dir, fast=fast)
    finally:
        if os.getpid() == me:  # not in a forked child that leaves the block
            with suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stop_server(data_dir)
        os.close(users)


def users_lock(place: Place) -> Path:
    """Return the file that each process locks, shared, while it uses the server."""
    return place.home / "users.lock"


def open_lock(path: Path) -> int:
    """Open a file to lock and return its descriptor; create a missing file."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def version_of(place: Place) -> str | None:
    """Return the major version that created the data folder, or None if there is none."""
    try:
        return (place.cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None


def run_program(
    place: Place, program: Path, *arguments: str | float | Path
) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's account, in the folder `/` and in the C locale.

    The result has the exit code, the output and the error output.
    """
    account = place.account
    return subprocess.run(
        [str(program), *map(str, arguments)],
        env=os.environ | {"LC_ALL": "C"},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        text=True,
        check=False,
    )


def _finish_replacement(place: Place) -> Path | None:
    """Replace the data folder by the verified one of a newer version, if there is one.

    Returns the new path of the replaced data folder, or None if nothing was replaced. If the
    process is killed between the two renames, the next start makes the second one.
    """
    if not place.verified.exists():
        return None
    found, number = version_of(place), 1
    kept = place.home / f"data-{found}"
    while kept.exists():
        number += 1
        kept = place.home / f"data-{found}-{number}"
    if found is not None:
        place.cluster.rename(kept)
    place.verified.rename(place.cluster)
    return kept if found is not None else None


def _make_cluster(place: Place, programs: Path, version: str, *, fast: bool) -> None:
    """Create the data folder if it is missing.

    It has another name until it is complete. Raises WrongServerVersion if another version of
    PostgreSQL made the present data folder, and ServerStartFailed.
    """
    found = version_of(place)
    if found is not None:
        if found != version:
            raise WrongServerVersion(place.cluster, found, version)
        return
    making = place.home / "data.new"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    _change_owner(making, place)
    options = [
        "-U",
        OWNER,
        "--auth=trust",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        "--no-instructions",
    ]
    made = run_program(
        place, programs / "initdb", "-D", making, *options, *(["--no-sync"] if fast else [])
    )
    if made.returncode != 0:
        raise ServerStartFailed("make its data folder", made.stderr)
    making.rename(place.cluster)


def _start(place: Place, programs: Path, *, fast: bool) -> None:
    """Start the server and wait for it.

    Processes of a killed server may still use its shared memory. Therefore a failed start is
    repeated for some seconds. Raises ServerStartFailed.
    """
    if place.sockets != place.cluster:
        make_own_folder(place.sockets, 0o700)
        _change_owner(place.sockets, place)
    # The port is only part of the socket's name; it is set so that PGPORT has no effect.
    settings = [
        "listen_addresses=",
        f"unix_socket_directories={place.sockets if place.sockets != place.cluster else '.'}",
        "port=5432",
    ]
    settings += [f"max_connections={CONNECTIONS_MAX}", *(_FAST_SETTINGS if fast else ())]
    options = " ".join(f"-c {shlex.quote(setting)}" for setting in settings)
    give_up_at = time.monotonic() + START_ATTEMPTS_FOR_S
    while True:
        _forget_recycled_process(place)
        started = run_program(
            place,
            programs / "pg_ctl",
            "start",
            "-D",
            place.cluster,
            "-w",
            "-t",
            RECOVERY_TIMEOUT_S,
            "-s",
            "-l",
            place.log,
            "-o",
            options,
        )
        if started.returncode == 0 or _is_ready(place, programs):
            return
        if time.monotonic() > give_up_at:
            raise ServerStartFailed("start", f"{started.stderr}\n{_end_of(place.log)}")
        time.sleep(0.25)


def _forget_recycled_process(place: Place) -> None:
    """Remove a wrong process id from the lock file of a server that has ended.

    After a restart of the machine another program can have the id of the old server. PostgreSQL
    would then not start. An id that no process has is written in its place. The rest of the lock
    file stays, because it shows whether a process of the old server still uses the shared memory.
    """
    pid_file = place.cluster / "postmaster.pid"
    with suppress(OSError, ValueError):
        number, rest = pid_file.read_text().split("\n", 1)
        command = Path(f"/proc/{int(number)}/cmdline").read_bytes()
        if b"postgres" not in command and not pid_file.is_symlink():
            pid_file.write_text(f"{PROCESS_NEVER}\n{rest}")


def _furnish(place: Place) -> None:
    """Create the application's role, the role of backups and the database, if missing."""
    with psycopg.connect(
        host=str(place.sockets), port=5432, user=OWNER, dbname="postgres", autocommit=True
    ) as connection:
        if (
            connection.execute(
                "select from pg_roles where rolname = %s and rolcanlogin", (APP_ROLE,)
            ).fetchone()
            is None
        ):
            with suppress(psycopg.errors.DuplicateObject):
                connection.execute(f"create role {APP_ROLE} noinherit")
            connection.execute(f"alter role {APP_ROLE} login")
        if (
            connection.execute("select from pg_roles where rolname = %s", (BACKUP_ROLE,)).fetchone()
            is None
        ):
            connection.execute(
                f"create role {BACKUP_ROLE} login bypassrls in role pg_read_all_data"
            )
        if (
            connection.execute("select from pg_database where datname = %s", (DATABASE,)).fetchone()
            is None
        ):
            connection.execute(f"create database {DATABASE}")


def _is_ready(place: Place, programs: Path) -> bool:
    return (
        run_program(
            place, programs / "pg_isready", "-q", "-h", place.sockets, "-p", 5432
        ).returncode
        == 0
    )


def _address(place: Place, user: str) -> str:
    return f"postgresql+psycopg://{user}@/{DATABASE}?host={quote(str(place.sockets))}"


def _change_owner(folder: Path, place: Place) -> None:
    if place.account is not None:
        os.chown(folder, place.account.uid, place.account.gid, follow_symlinks=False)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = open_lock(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _end_of(log: Path) -> str:
    try:
        return log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")
    except OSError:
        return ""
