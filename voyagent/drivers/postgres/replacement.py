"""Replace the data folder of the embedded server by one of a newer major version."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voyagent.drivers.postgres import launcher
from voyagent.drivers.postgres.errors import EarlierProgramsMissing, ServerInUse
from voyagent.drivers.postgres.launcher import MAJOR_VERSION, ServerInfo
from voyagent.drivers.postgres.place import Place, find_location, find_programs, make_own_folder


def older_version(data_dir: Path) -> str | None:
    """Return the major version of a data folder if it is older than the programs.

    The result is None if the version is not older, if there is no data folder, or if the folder
    that replaces it is verified already.
    """
    place = find_location(data_dir)
    found = launcher.version_of(place)
    is_older = found is not None and int(found) < int(MAJOR_VERSION)
    return found if is_older and not place.verified.exists() else None


@contextmanager
def replaced_server(data_dir: Path, version: str, wheel: Path) -> Iterator[tuple[ServerInfo, ...]]:
    """Start the server of an older data folder, and an empty server beside it.

    Yields the older and the empty server. The block copies all data from the older server to the
    empty one. If the block ends without an error, the new folder is marked as verified, and the
    next start replaces the older folder by it. Until then the older folder stays as it is, even if
    the process is killed. `version` is the version of the older folder, and `wheel` is the folder
    in which the wheel with the programs of this version is installed.

    Raises EarlierProgramsMissing, ServerInUse, ServerStartFailed.
    """
    place = find_location(data_dir)
    if not wheel.exists():
        raise EarlierProgramsMissing(place.cluster, version, MAJOR_VERSION, wheel)
    older, newer = find_programs(place, wheel), find_programs(place)
    beside = Place(place.home / "next", place.account)
    with _alone(place):
        _discard(beside, newer)
        make_own_folder(beside.home, 0o755)
        try:
            yield (
                launcher.ensure_started(place, older, version),
                launcher.ensure_started(beside, newer, MAJOR_VERSION),
            )
            launcher.ensure_stopped(beside, newer)
            launcher.ensure_stopped(place, older)
            beside.cluster.rename(place.verified)
        finally:
            launcher.ensure_stopped(place, older)
            _discard(beside, newer)


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    users = launcher.open_lock(launcher.users_lock(place))
    try:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerInUse(place.cluster) from None
        yield
    finally:
        os.close(users)


def _discard(place: Place, programs: Path) -> None:
    """Stop a server and delete its folders; a killed process may have left it running."""
    if place.home.exists():
        launcher.ensure_stopped(place, programs)
        shutil.rmtree(place.home)
    if place.sockets != place.cluster:
        shutil.rmtree(place.sockets, ignore_errors=True)
