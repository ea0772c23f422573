"""Exports of several records are recorded in the audit log with their filters."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.billing.papers import issued
from tests.people import Person
from tests.reports.books import REPORTS
from voyagent.reports.api.report_files import REPORTS as OF_API

DAYS = "from=2026-05-01&to=2026-05-31"
LISTS = {"invoices": "status=issued", "bills": "status=paid", "payments": DAYS, "journal": DAYS}
ENDING = {"csv": "csv", "csv-bom": "csv", "xlsx": "xlsx", "pdf": "pdf", "tally": "xml"}


def recorded_exports(person: Person) -> list[tuple[str, dict[str, Any]]]:
    """Return user and contents of each recorded export, the latest first."""
    events = person.api.get("/audit?kind=data.exported&limit=200").json["items"]
    return [(event["actor_email"], event["payload"]["inputs"]) for event in events]


def name_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.headers["Content-Disposition"].split('filename="')[1].rstrip('"'))


@pytest.mark.parametrize("form", ["csv", "csv-bom", "xlsx"])
@pytest.mark.parametrize("page", LISTS)
def test_the_export_of_a_list_is_recorded(alice: Person, page: str, form: str) -> None:
    name = name_of(alice.browser.get(f"/{page}?{LISTS[page]}&format={form}"))
    assert recorded_exports(alice) == [
        (alice.email, {"file": name, "filters": dict(parse_qsl(LISTS[page]))})
    ]
    assert name.endswith(ENDING[form])


@pytest.mark.parametrize("form", ["csv", "csv-bom", "xlsx", "pdf"])
@pytest.mark.parametrize("report", [*REPORTS, "trip-margins/lines"])
def test_the_export_of_a_report_page_is_recorded(
    alice: Person, victor: Person, report: str, form: str
) -> None:
    query = REPORTS.get(report, f"trips=none&of=margin&currency=INR&{DAYS}")
    name = name_of(victor.browser.get(f"/reports/{report}?{query}&format={form}"))
    assert recorded_exports(alice) == [
        (victor.email, {"file": name, "filters": dict(parse_qsl(query))})
    ]
    assert name.endswith(ENDING[form])


@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
@pytest.mark.parametrize("report", OF_API)
def test_the_export_of_a_report_by_the_api_is_recorded(
    alice: Person, report: str, form: str
) -> None:
    query = REPORTS[report]
    query += {
        "party-statement": "&kind=customer",
        "receivables": f"&{DAYS}",
        "payables": f"&{DAYS}",
    }.get(report, "")
    name = name_of(alice.api.get(f"/reports/{report}.{form}?{query}"))
    assert recorded_exports(alice) == [
        (alice.email, {"file": name, "filters": dict(parse_qsl(query))})
    ]


def test_page_views_and_refused_exports_are_not_recorded(alice: Person, charlie: Person) -> None:
    invoice_id = issued(alice)
    for address in (
        "/reports/day-book",
        "/invoices",
        f"/invoices/{invoice_id}.pdf",
        "/reports/day-book?from=2026-13-01&format=csv",
        "/invoices?format=ods",
    ):
        alice.browser.get(address)
    for address in (
        f"/invoices/{invoice_id}.pdf",
        "/reports/day-book",
        "/reports/day-book.csv?from=2026-06-01&to=2026-05-01",
    ):
        alice.api.get(address)
    assert alice.app.test_client().get("/reports/day-book?format=csv").status_code == 303
    assert alice.browser.head("/invoices?format=csv").status_code == 200
    name_of(charlie.browser.get("/invoices?format=csv"))
    assert recorded_exports(alice) == []


def test_recorded_filters_are_truncated(alice: Person) -> None:
    name_of(alice.browser.get(f"/reports/day-book?{DAYS}&format=csv&note={'a' * 500}&after="))
    ((_, inputs),) = recorded_exports(alice)
    assert inputs["filters"] == {"from": "2026-05-01", "to": "2026-05-31", "note": "a" * 100}
