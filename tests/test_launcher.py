"""The embedded database server: start, stop, and start after a crash."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from voyagent.drivers.postgres.errors import UnsafeFolder, WrongServerVersion
from voyagent.drivers.postgres.launcher import ServerInfo, ensure_server, shared_server, stop_server
from voyagent.drivers.postgres.place import Place, find_location, make_own_folder
from voyagent.kernel.db_address import psycopg_url

ROOT = Path(__file__).resolve().parent.parent
START = """
import sys, time
from pathlib import Path
from voyagent.drivers.postgres.launcher import ensure_server
print(ensure_server(Path(sys.argv[1]), fast=True).app_url)
"""


@pytest.fixture
def new_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder without a server."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    yield folder
    stop_server(folder)
    shutil.rmtree(find_location(folder).home)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, ServerInfo]]:
    """A data folder with a running server, for tests that change neither."""
    folder = tmp_path_factory.mktemp("started") / "data"
    folder.mkdir(mode=0o700)
    yield folder, ensure_server(folder, fast=True)
    stop_server(folder)
    shutil.rmtree(find_location(folder).home)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of a stopped server with the database of the program."""
    folder = tmp_path_factory.mktemp("cluster")
    ensure_server(folder, fast=True)
    stop_server(folder)
    yield find_location(folder).cluster
    shutil.rmtree(find_location(folder).home)


@pytest.fixture
def data_dir(new_dir: Path, cluster: Path) -> Path:
    """A copy of a data folder whose server has run, because `initdb` takes a second."""
    copied = find_location(new_dir).cluster
    subprocess.run(["cp", "-a", cluster, copied], check=True)  # noqa: S607
    return new_dir


def test_the_first_start_creates_the_database_and_a_restricted_role(
    started: tuple[Path, ServerInfo],
) -> None:
    _, server = started
    with psycopg.connect(psycopg_url(server.app_url)) as connection:
        role = connection.execute(
            "select current_user, current_database(), rolsuper, rolbypassrls from pg_roles where"
            " rolname = current_user"
        ).fetchone()
        assert role == ("voyagent_app", "voyagent", False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create table mine (id int)")
    assert _ask(server, "select rolsuper from pg_roles where rolname = current_user") is True


def test_the_database_compares_non_ascii_letters(started: tuple[Path, ServerInfo]) -> None:
    _, server = started
    assert _ask(server, "select upper('é') || current_setting('server_encoding')") == "ÉUTF8"


def test_a_running_server_is_used_again(started: tuple[Path, ServerInfo]) -> None:
    data_dir, server = started
    began = _ask(server, "select pg_postmaster_start_time()")
    assert _ask(ensure_server(data_dir, fast=True), "select pg_postmaster_start_time()") == began


def test_a_stopped_server_starts_again_with_its_data(data_dir: Path) -> None:
    _keep_a_row(ensure_server(data_dir))
    stop_server(data_dir)
    assert _ask(ensure_server(data_dir), "select word from kept") == "kept"


def test_a_warm_start_is_quick(data_dir: Path) -> None:
    began = time.monotonic()
    ensure_server(data_dir)
    assert time.monotonic() - began < 2


def test_stopping_without_a_running_turn_is_no_error(data_dir: Path) -> None:
    stop_server(data_dir)
    server = ensure_server(data_dir, fast=True)
    stop_server(data_dir)
    stop_server(data_dir)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(psycopg_url(server.app_url))


def test_four_processes_at_once_share_one_server(new_dir: Path) -> None:
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", START, str(new_dir)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    urls = {process.communicate(timeout=60)[0].strip() for process in starting}
    assert [process.returncode for process in starting] == [0, 0, 0, 0]
    assert urls == {ensure_server(new_dir, fast=True).app_url}


def test_a_start_after_kill_9_has_every_committed_row(data_dir: Path) -> None:
    server = ensure_server(data_dir)
    _keep_a_row(server)
    with psycopg.connect(
        psycopg_url(server.admin_url)
    ):  # an open connection's process outlives the postmaster for a moment
        os.kill(_postmaster(server), signal.SIGKILL)
        again = ensure_server(data_dir)
    assert _ask(again, "select word from kept") == "kept"


def test_a_reused_process_id_does_not_block_the_start(
    data_dir: Path,
) -> None:
    server = ensure_server(data_dir)
    _keep_a_row(server)
    place = find_location(data_dir)
    os.kill(_postmaster(server), signal.SIGKILL)
    account = place.account
    other = subprocess.Popen(
        ["/bin/sleep", "60"],
        user=account.uid if account else None,
        group=account.gid if account else None,
    )
    try:
        pid_file = place.cluster / "postmaster.pid"
        pid_file.write_text("\n".join([str(other.pid), *pid_file.read_text().split("\n")[1:]]))
        assert _ask(ensure_server(data_dir), "select word from kept") == "kept"
    finally:
        other.kill()
        other.wait()


def test_an_unfinished_data_folder_is_created_again(new_dir: Path) -> None:
    unfinished = find_location(new_dir).home / "data.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    assert _ask(ensure_server(new_dir, fast=True), "select 1") == 1
    assert not unfinished.exists()


def test_variables_of_the_caller_do_not_redirect_the_server(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    server = ensure_server(data_dir, fast=True)
    monkeypatch.undo()
    assert _ask(server, "select current_setting('port')") == "5432"
    assert _ask(server, "select current_setting('listen_addresses')") == ""


def test_the_last_process_stops_the_server(data_dir: Path) -> None:
    with shared_server(data_dir, fast=True) as first:
        with shared_server(data_dir, fast=True):
            pass
        assert _ask(first, "select 1") == 1
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(psycopg_url(first.app_url))


def test_data_files_of_another_major_version_are_refused_with_both_versions(data_dir: Path) -> None:
    version = find_location(data_dir).cluster / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(
        WrongServerVersion, match=r"made by PostgreSQL 17, and this program brings 18"
    ):
        ensure_server(data_dir)


def test_no_folder_of_the_caller_is_made_accessible(started: tuple[Path, ServerInfo]) -> None:
    data_dir, _ = started
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert find_location(data_dir).cluster.stat().st_mode & 0o777 == 0o700


def test_a_default_folder_that_others_can_write_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "foreseen"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(UnsafeFolder, match="can be written by others"):
        make_own_folder(folder, 0o755)
    folder.chmod(0o755)
    make_own_folder(folder, 0o755)


def test_a_link_in_place_of_the_default_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "foreseen").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeFolder):
        make_own_folder(tmp_path / "foreseen", 0o755)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lay a folder for somebody else")
def test_a_default_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "foreseen"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(UnsafeFolder, match="belongs to somebody else"):
        make_own_folder(folder, 0o755)


def test_a_path_too_long_for_a_socket_gets_a_short_one() -> None:
    place = Place(Path("/srv") / ("agency-" * 20), None)
    assert len(str(place.sockets)) < 80
    assert place.sockets != Place(Path("/srv") / ("agencies-" * 20), None).sockets
    assert Place(Path("/srv/short"), None).sockets == Path("/srv/short/data")


def _keep_a_row(server: ServerInfo) -> None:
    with psycopg.connect(psycopg_url(server.admin_url)) as connection:
        connection.execute("create table kept (word text)")
        connection.execute("insert into kept values ('kept')")


def _ask(server: ServerInfo, question: str) -> object:
    with psycopg.connect(psycopg_url(server.admin_url)) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


def _postmaster(server: ServerInfo) -> int:
    return int((server.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
