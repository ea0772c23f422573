"""Large PDFs and workbooks are made by a worker and kept for one person."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID

import openpyxl
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from tests.people import ApiClient, People, Person
from tests.reports.books import busy_may
from tests.worker import work_off
from voyagent.kernel import clock, sheets
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.ids import new_id
from voyagent.reports import tasks
from voyagent.reports.service import files as service

MAY = "from=2026-05-01&to=2026-05-31"
BOOK = f"/reports/day-book?{MAY}&format="
BOOK_API = f"/reports/day-book.xlsx?{MAY}"


@pytest.fixture
def busy(alice: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody whose agency had a busy May, where two rows are many."""
    busy_may(alice)
    monkeypatch.setattr(sheets, "ROWS_IN_REQUEST", 2)
    return alice


def requested(person: Person, form: str = "xlsx") -> UUID:
    """Request a large file on the page; return its id."""
    answer = person.tab.get(BOOK + form)
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["Location"].rpartition("/")[2])


def make(person: Person, file_id: UUID) -> None:
    tasks.make(person.app, str(person.actor.tenant_id), str(file_id))


def content(person: Person, file_id: UUID) -> TestResponse:
    return person.tab.get(f"/reports/files/{file_id}/content")


def state(person: Person, file_id: UUID) -> Any:
    return person.api.get(f"/report-files/{file_id}").json["status"]


def test_a_small_file_is_made_in_the_request(alice: Person) -> None:
    busy_may(alice)
    for form in ("xlsx", "pdf"):
        assert alice.tab.get(BOOK + form).status_code == 200
        assert alice.api.get(f"/reports/day-book.{form}?{MAY}").status_code == 200


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_the_page_of_a_large_file_leads_to_it(busy: Person, form: str) -> None:
    file_id = requested(busy, form)
    page = busy.tab.get(f"/reports/files/{file_id}")
    assert "Your file is in the queue" in page.text
    assert f'hx-get="/reports/files/{file_id}/state"' in page.text
    make(busy, file_id)
    ready = busy.tab.get(f"/reports/files/{file_id}/state", headers={"HX-Request": "true"})
    assert "Your file is ready. It is kept for you until" in ready.text
    assert "hx-get" not in ready.text
    assert f"/reports/files/{file_id}/content" in ready.text
    answer = content(busy, file_id)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="voyagent-day')
    assert answer.data.startswith(b"%PDF" if form == "pdf" else b"PK")


def test_a_large_file_equals_one_of_a_request(
    busy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = requested(busy)
    make(busy, file_id)
    monkeypatch.setattr(sheets, "ROWS_IN_REQUEST", 2_000)
    made, direct = (
        [
            [cell.value for cell in row]
            for row in openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows()
        ]
        for answer in (content(busy, file_id), busy.tab.get(BOOK + "xlsx"))
    )
    assert made == direct
    assert len(made) > 3


def test_a_program_polls_a_large_file(busy: Person) -> None:
    answer = busy.api.get(BOOK_API)
    assert (answer.status_code, answer.json["status"]) == (202, "waiting")
    assert answer.headers["Location"] == answer.json["address"]
    assert answer.json["address"] == f"/api/report-files/{answer.json['id']}"
    file_id = UUID(answer.json["id"])
    waiting = busy.api.get(f"/report-files/{file_id}/content")
    assert (waiting.status_code, waiting.json["detail"]) == (404, "report_file_not_found")
    make(busy, file_id)
    done = busy.api.get(f"/report-files/{file_id}").json
    assert (done["status"], done["name"].endswith(".xlsx")) == ("done", True)
    assert busy.api.get(f"/report-files/{file_id}/content").data.startswith(b"PK")


def test_the_export_is_recorded_once_it_is_made(busy: Person) -> None:
    file_id = requested(busy)
    exports = "/audit?kind=data.exported"
    assert busy.api.get(exports).json["items"] == []
    make(busy, file_id)
    (event,) = busy.api.get(exports).json["items"]
    assert event["actor_email"] == busy.email


def test_only_the_person_who_asked_gets_the_file(
    busy: Person, bob: Person, charlie: Person, app: Flask
) -> None:
    file_id = requested(busy)
    make(busy, file_id)
    for other in (bob, charlie):
        for path in ("", "/state", "/content"):
            assert other.tab.get(f"/reports/files/{file_id}{path}").status_code == 404
        for path in ("", "/content"):
            assert other.api.get(f"/report-files/{file_id}{path}").status_code == 404
    assert app.test_client().get(f"/reports/files/{file_id}").status_code == 303
    assert app.test_client().get(f"/api/report-files/{file_id}").status_code == 401
    assert busy.api.get(f"/report-files/{new_id()}").status_code == 404
    assert busy.api.get("/report-files/nonsense").status_code == 404


def test_a_key_needs_the_scope_of_the_report(busy: Person) -> None:
    """A key without the report's scope gets neither state nor content."""
    file_id = UUID(busy.api.get(BOOK_API).json["id"])
    make(busy, file_id)
    for scope, status in (("enquiries", 403), ("reports", 200)):
        made = busy.api.post("/auth/api-keys/scoped", json={"name": scope, "scopes": [scope]})
        key = ApiClient(busy.app.test_client(), made.json["key"])
        for path in ("", "/content"):
            answer = key.get(f"/report-files/{file_id}{path}")
            assert answer.status_code == status, (scope, path, answer.text)


def test_a_role_without_the_permission_gets_no_file(busy: Person, people: People) -> None:
    """The report refuses, before a file is requested and when it is made."""
    file_id = requested(busy)
    with busy.acting():
        db.session.execute(
            sa.text("update users set is_active = false where id = :id"),
            {"id": busy.actor.user_id},
        )
    make(busy, file_id)
    with busy.acting():
        found = sa.text("select status from report_files where id = :id")
        assert db.session.scalar(found, {"id": file_id}) == "failed"


def test_a_file_of_an_ended_session_fails(busy: Person) -> None:
    answer = busy.api.get(BOOK_API)
    file_id = UUID(answer.json["id"])
    busy.api.post("/auth/sign-out", json={"refresh_token": busy.refresh_token})
    make(busy, file_id)
    with busy.acting():
        found = sa.text("select status from report_files where id = :id")
        assert db.session.scalar(found, {"id": file_id}) == "failed"


def test_a_failed_file_names_the_next_step(busy: Person) -> None:
    file_id = requested(busy)
    with busy.acting():
        service.fail(file_id)
    page = busy.tab.get(f"/reports/files/{file_id}").text
    assert "The file could not be made. Choose fewer days and try again." in page
    assert 'hx-get="/reports/files' not in page
    assert requested(busy) != file_id


def test_the_file_is_encrypted_and_deleted_after_a_day(busy: Person) -> None:
    file_id = requested(busy)
    make(busy, file_id)
    stored = sa.text("select content from report_files where id = :id")
    with busy.acting():
        assert not bytes(db.session.scalar(stored, {"id": file_id})).startswith(b"PK")
    with time_machine.travel(clock.now() + service.KEPT_FOR):
        assert content(busy, file_id).status_code in (303, 404)  # the session has ended too
        with busy.app.app_context(), transaction(busy.actor.tenant_id):
            service.sweep()
            assert db.session.scalar(stored, {"id": file_id}) is None


def test_parallel_requests_for_a_file_make_one(busy: Person) -> None:
    clients = [ApiClient(busy.app.test_client(), busy.access_token) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.get(BOOK_API), clients))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json["id"] for answer in answers}) == 1


def test_a_person_waits_for_at_most_five_files(busy: Person, bob: Person) -> None:
    days = [f"/reports/day-book.xlsx?from=2026-0{month}-01&to=2026-05-31" for month in range(1, 6)]
    assert {busy.api.get(each).status_code for each in days} == {202}
    refused = busy.api.get(BOOK_API.replace("xlsx", "pdf"))
    assert (refused.status_code, refused.json["detail"]) == (503, "report_files_busy")
    assert "Retry-After" in refused.headers
    assert state(busy, UUID(busy.api.get(days[0]).json["id"])) == "waiting"


def test_one_file_of_an_agency_is_made_at_a_time(busy: Person, bob: Person) -> None:
    for person in (busy, bob):
        person.api.get(BOOK_API)
    locks = sa.text(
        "select distinct lock from procrastinate_jobs where task_name = :task"
        " and args->>'tenant_id' = :agency"
    )
    with busy.acting():
        values = {"task": service.MAKE_TASK, "agency": str(busy.actor.tenant_id)}
        assert list(db.session.scalars(locks, values)) == [f"report:{busy.actor.tenant_id}"]


def test_a_worker_makes_the_file_in_a_child_process(
    app: Flask, settings: Settings, busy: Person
) -> None:
    file_id = requested(busy)
    work_off(app, settings)
    assert state(busy, file_id) == "done"
    assert content(busy, file_id).data.startswith(b"PK")


def test_a_child_without_enough_memory_fails_alone(
    app: Flask, settings: Settings, busy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "MEMORY_MAX", 64 * 1024 * 1024)
    file_id = requested(busy)
    work_off(app, settings)
    assert state(busy, file_id) == "failed"


def test_a_worker_that_stops_leaves_the_file_to_the_next(
    app: Flask, settings: Settings, busy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id, agency = requested(busy), str(busy.actor.tenant_id)
    monkeypatch.setattr(tasks, "stopping", stopped := Event())
    stopped.set()
    with app.app_context(), pytest.raises(tasks.WorkerStopping):
        tasks.make_file.run(agency, str(file_id))
    assert state(busy, file_id) in ("waiting", "running")
    stopped.clear()
    work_off(app, settings)
    assert state(busy, file_id) == "done"


def test_a_child_that_does_not_end_is_killed(
    app: Flask, settings: Settings, busy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TIME_MAX_S", 0.1)
    file_id = requested(busy)
    work_off(app, settings)
    assert state(busy, file_id) == "failed"
