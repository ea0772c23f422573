"""Imports of an agency run one at a time; others wait without a connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.imports.test_parties import GOOD, names, sent
from tests.people import Person, csrf
from voyagent.imports.service import files
from voyagent.kernel.db import db
from voyagent.kernel.limits import long_work

BUSY = (503, "imports_busy", "5")


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WAIT_S", 0.6)
    monkeypatch.setattr(files, "POLL_INTERVAL_S", 0.05)


@contextmanager
def importing(owners: sa.Engine, person: Person) -> Iterator[None]:
    """Hold the lock of a running import of an agency."""
    with owners.begin() as connection:
        connection.execute(
            sa.text("select pg_advisory_xact_lock(hashtextextended('imports of ' || :id, 0))"),
            {"id": str(person.actor.tenant_id)},
        )
        yield


def refusal(answer: Any) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json.get("detail"), answer.headers.get("Retry-After")


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_file_is_refused_while_another_one_is_imported(
    owners: sa.Engine, alice: Person, charlie: Person, dry_run: bool
) -> None:
    with importing(owners, alice):
        assert refusal(sent(alice, GOOD, dry_run=dry_run)) == BUSY
        assert sent(charlie, GOOD, dry_run=dry_run).status_code == 200
    assert names(alice) == []
    accepted = sent(alice, GOOD, dry_run=dry_run)
    assert (accepted.status_code, accepted.json["is_repeat"]) == (200, False)


def test_few_agencies_import_at_the_same_time(alice: Person) -> None:
    with ExitStack() as held:
        for _ in range(long_work.IMPORTS):
            held.enter_context(long_work.importing(uuid4(), files.ImportsBusy, 0, rows=1))
        assert refusal(sent(alice, GOOD, dry_run=True)) == BUSY
    assert sent(alice, GOOD, dry_run=True).status_code == 200


def test_large_files_leave_a_place_to_small_ones(alice: Person) -> None:
    rows = long_work.SMALL_ROWS + 1
    large = "name,is_customer\n" + "".join(f"Customer {n},yes\n" for n in range(rows))
    with long_work.importing(uuid4(), files.ImportsBusy, 0, rows=rows):
        assert refusal(sent(alice, large, dry_run=True)) == BUSY
        assert sent(alice, GOOD, dry_run=True).status_code == 200
    assert sent(alice, large, dry_run=True).status_code == 200


def test_few_files_of_an_agency_wait(
    owners: sa.Engine, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WAIT_S", 30)
    with importing(owners, alice), ExitStack() as held:
        for _ in range(long_work.AGENCY_POLLING):
            held.enter_context(long_work.polling(alice.actor.tenant_id, files.ImportsBusy))
        began = time.monotonic()
        assert refusal(sent(alice, GOOD, dry_run=True)) == BUSY
        assert time.monotonic() - began < 5


def test_a_file_that_waits_holds_no_connection(
    app: Flask, owners: sa.Engine, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WAIT_S", 5)
    monkeypatch.setattr(files, "POLL_INTERVAL_S", 0.5)
    with app.app_context():
        pool = db.engine.pool
    before = pool.checkedout()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(1) as thread:
        with importing(owners, alice):
            waiting = thread.submit(
                sent, alice, GOOD, dry_run=False, headers={"Idempotency-Key": "k"}
            )
            time.sleep(0.3)
            assert not waiting.done()
            assert pool.checkedout() == before  # type: ignore[attr-defined]
        accepted = waiting.result(timeout=5)
    assert (accepted.status_code, accepted.json["is_repeat"]) == (200, False)
    again = sent(alice, GOOD, dry_run=False, headers={"Idempotency-Key": "k"})
    assert again.json == accepted.json
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_page_says_that_another_file_is_being_imported(
    owners: sa.Engine, alice: Person
) -> None:
    browser = alice.browser
    form = {"kind": "parties", "content": GOOD, "csrf_token": csrf(browser, "/import")}
    with importing(owners, alice):
        page = browser.post("/import", data=form)
    assert page.status_code == 422
    assert "Another file is being imported." in page.text
    assert names(alice) == []
    assert browser.post("/import", data=form).status_code == 200
