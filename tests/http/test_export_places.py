"""Exports that wait for a place, and the places of one client address."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from voyagent.kernel.database import copy_export
from voyagent.kernel.database.copy_export import Exports, ExportsBusy
from voyagent.kernel.db import db

DAYS = "from=2026-05-01&to=2026-05-31"
FILES = {
    "events by the API": lambda one: one.api.get("/audit/export.csv"),
    "events on a page": lambda one: idle_browser(one).get("/audit/export.csv"),
    "report by the API": lambda one: one.api.get(f"/reports/day-book.csv?{DAYS}"),
    "report on a page": lambda one: idle_browser(one).get(f"/reports/day-book?{DAYS}&format=csv"),
    "list as CSV": lambda one: idle_browser(one).get("/invoices?format=csv"),
    "list as a workbook": lambda one: idle_browser(one).get("/invoices?format=xlsx"),
}


def idle_browser(person: Person) -> Any:
    """Return a browser whose next request records that its session is in use."""
    browser = person.browser
    with browser.session_transaction() as session:
        session["seen"] = 0
    return browser


@pytest.fixture
def exports(app: Flask) -> Exports:
    made: Exports = app.extensions["voyagent.exports"]
    return made


@contextmanager
def exporting(exports: Exports, person: Person) -> Iterator[None]:
    snapshot = exports.open(person.actor.tenant_id)
    try:
        yield
    finally:
        snapshot.close()


@pytest.mark.parametrize("file", FILES)
def test_an_export_that_waits_holds_no_connection(
    app: Flask, exports: Exports, alice: Person, file: str
) -> None:
    get: Callable[[Person], Any] = FILES[file]
    with app.app_context():
        pool = db.engine.pool
    before = pool.checkedout()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(1) as thread:
        with exporting(exports, alice):
            waiting = thread.submit(get, alice)
            deadline = time.monotonic() + 3
            while not exports._places._waiting and time.monotonic() < deadline:  # noqa: SLF001
                time.sleep(0.01)
            time.sleep(0.1)
            assert not waiting.done()
            assert pool.checkedout() == before  # type: ignore[attr-defined]
        assert waiting.result(timeout=5).status_code == 200


def test_a_waiting_export_still_records_that_a_session_is_in_use(
    alice: Person, owner_engine: sa.Engine
) -> None:
    browser = idle_browser(alice)
    sql = sa.text("select max(last_seen_at) from auth_sessions where user_id = :user")
    with owner_engine.connect() as connection:
        before = connection.scalar(sql, {"user": alice.actor.user_id})
    assert browser.get("/invoices?format=csv").status_code == 200
    with owner_engine.connect() as connection:
        assert connection.scalar(sql, {"user": alice.actor.user_id}) > before


ASKED = {
    "events": "/api/audit/export.csv",
    "report": f"/api/reports/day-book.csv?{DAYS}",
}


@pytest.mark.parametrize("file", ASKED)
def test_one_address_has_half_of_the_exports_for_all_of_its_agencies(
    exports: Exports, alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setattr(copy_export, "WAIT_S", 0.05)

    def status(address: str, **headers: str) -> int:
        answer = charlie.app.test_client().get(
            ASKED[file],
            headers={"Authorization": f"Bearer {charlie.access_token}"} | headers,
            environ_base={"REMOTE_ADDR": address},
        )
        answer.close()
        return int(answer.status_code)

    snapshot = exports.open(alice.actor.tenant_id, "192.0.2.7")
    try:
        assert status("192.0.2.7") == 503
        assert status("192.0.2.7", **{"X-Forwarded-For": "192.0.2.8"}) == 503
        assert status("192.0.2.8") == 200
        assert status("127.0.0.1") == 200
    finally:
        snapshot.close()
    assert status("192.0.2.7") == 200


@pytest.fixture
def other_process(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Exports:
    """The exports of another web process."""
    monkeypatch.setattr(copy_export, "WAIT_S", 0.5)
    return Exports(app.extensions["voyagent.settings"])


def test_an_agency_has_one_export_in_all_processes(
    exports: Exports, other_process: Exports, alice: Person, charlie: Person
) -> None:
    with exporting(exports, alice):
        for _ in range(3):  # a refused export keeps no place
            with pytest.raises(ExportsBusy):
                other_process.open(alice.actor.tenant_id)
        with exporting(other_process, charlie):
            pass
    with exporting(other_process, alice):
        pass


def test_an_export_waits_for_one_in_another_process(
    exports: Exports, other_process: Exports, alice: Person
) -> None:
    with ThreadPoolExecutor(1) as thread:
        with exporting(exports, alice):
            waiting = thread.submit(other_process.open, alice.actor.tenant_id)
            time.sleep(0.1)
            assert not waiting.done()
        waiting.result(timeout=5).close()
