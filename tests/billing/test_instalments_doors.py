"""Instalments on both doors: what programs send and read, what the pages and the paper show."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from tests.billing.papers import draft, issued, line, pay, plan, receive
from tests.people import Person
from voyagent.kernel import clock
from voyagent.kernel.reading import Lane

ON_BOOKING, BEFORE_DEPARTURE = date(2024, 6, 10), date(2024, 7, 20)
PLAN = plan((ON_BOOKING, "13500.00"), (BEFORE_DEPARTURE, "31500.00"))
WIRE = [{"due_date": "2024-06-10", "amount": "13500.00"}, {"due_date": "2024-07-20", "amount": "31500.00"}]
LINE = {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00"}
BODIES: dict[str, dict[str, Any]] = {
    "/invoices": {"customer_name": "Deepa Krishnan", "issue_date": "2024-06-10", "currency": "INR", "line_items": [LINE]},
    "/bills": {"vendor_name": "BSP India", "vendor_reference": "B-1", "issue_date": "2024-06-10", "currency": "INR", "line_items": [LINE]},
}


def told(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["due_date"], one["amount"], one["open_amount"]) for one in document["instalments"]]


@pytest.mark.parametrize("path", BODIES)
def test_a_program_plans_instalments_and_reads_them(alice: Person, path: str) -> None:
    plain = alice.api.post(path, json=BODIES[path])
    assert (plain.status_code, plain.json["instalments"]) == (201, [])
    here = f"{path}/{plain.json['id']}"
    planned = alice.api.patch(here, json={"instalments": WIRE})
    assert (planned.status_code, planned.json["due_date"]) == (200, "2024-06-10")
    assert told(planned.json) == [("2024-06-10", "13500.00", "0.00"), ("2024-07-20", "31500.00", "0.00")], "nothing is open of a draft"
    assert told(alice.api.patch(here, json={"notes": "Thank you"}).json) == told(planned.json), "what is absent stays"
    assert alice.api.patch(here, json={"instalments": None}).json["instalments"] == []
    assert alice.api.patch(here, json={"instalments": WIRE}).json["instalments"]
    assert alice.api.patch(here, json={"instalments": []}).json["instalments"] == []
    assert alice.api.delete(here).status_code == 204
    drawn = alice.api.post(path, json=BODIES[path] | {"instalments": WIRE})
    assert drawn.status_code == 201, drawn.text
    here = f"{path}/{drawn.json['id']}"
    posted = alice.api.post(f"{here}/{'issue' if path == '/invoices' else 'receive'}").json
    assert told(posted) == [("2024-06-10", "13500.00", "13500.00"), ("2024-07-20", "31500.00", "31500.00")]
    if path == "/invoices":
        paid = alice.api.post(f"{here}/receipts", json={"amount": "14000.00", "paid_on": "2024-06-12"}).json
        assert told(paid) == [("2024-06-10", "13500.00", "0.00"), ("2024-07-20", "31500.00", "31000.00")]
        assert paid["due_date"] == "2024-07-20"
    assert alice.api.patch(here, json={"instalments": None}).status_code == 409, "what was posted keeps its plan"


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("instalments", "code"),
    [
        (WIRE[:1], "invalid_instalments"),
        ([WIRE[0], WIRE[1] | {"amount": "0"}], "invalid_instalments"),
        ([WIRE[0], WIRE[1] | {"amount": "31500.01"}], "instalments_do_not_add_up"),
        (WIRE[::-1], "invalid_instalment_dates"),
        ([WIRE[0] | {"due_date": "2024-06-09"}, WIRE[1]], "invalid_instalment_dates"),
        ([WIRE[0], WIRE[0]], "invalid_instalment_dates"),
        ([WIRE[0], WIRE[1] | {"amount": "31500.001"}], "invalid_amount"),
    ],
)
def test_a_plan_that_does_not_hold_is_refused_by_its_code(alice: Person, path: str, instalments: Any, code: str) -> None:
    answer = alice.api.post(path, json=BODIES[path] | {"instalments": instalments})
    assert (answer.status_code, answer.json["detail"]) == (400 if code == "invalid_amount" else 422, code)
    drawn = alice.api.post(path, json=BODIES[path]).json
    answer = alice.api.patch(f"{path}/{drawn['id']}", json={"instalments": instalments})
    assert answer.json["detail"] == code


@pytest.mark.parametrize("instalments", ["30 %", [{"due_date": "2024-06-10"}], [WIRE[0] | {"paid": True}, WIRE[1]], [WIRE[0]] * 37])
def test_what_is_no_instalment_is_refused_where_it_is_read(alice: Person, instalments: Any) -> None:
    assert alice.api.post("/invoices", json=BODIES["/invoices"] | {"instalments": instalments}).status_code == 422


def test_a_document_shows_each_instalment_with_what_is_open_and_its_state(alice: Person) -> None:
    browser, today = alice.browser, clock.today(alice.actor.timezone)
    dues = (today - timedelta(days=40), today - timedelta(days=3), today, today + timedelta(days=9))
    parts = plan(*((due, "100.00") for due in dues))
    for document_id, path in (
        (issued(alice, line("400.00", quantity=1), issue_date=dues[0], instalments=parts), "/invoices"),
        (receive(alice, line("400.00", quantity=1), issue_date=dues[0], instalments=parts), "/bills"),
    ):
        if path == "/invoices":
            pay(alice, document_id, 13_000, dues[0])
        page = browser.get(f"{path}/{document_id}").text
        table = " ".join(part_of(page, "instalments").split())
        states = ["Settled", "3 days overdue", "Not due", "Not due"] if path == "/invoices" else ["40 days overdue", "3 days overdue", "Not due", "Not due"]
        assert re.findall(r"Settled in part|Settled|\d+ days overdue|Not due", table) == states
        assert (">70.00<" in table) == (path == "/invoices")
    planned = draft(alice, line("400.00", quantity=1), issue_date=dues[0], instalments=parts)
    assert "overdue" not in part_of(browser.get(f"/invoices/{planned}").text, "instalments"), "a draft is owed by nobody"
    assert 'id="instalments"' not in browser.get(f"/invoices/{issued(alice)}").text


def test_the_receivables_list_instalments_under_their_customer(alice: Person) -> None:
    issued(alice, instalments=PLAN)
    page = alice.browser.get("/reports/receivables", query_string={"as_of": "2024-08-01", "party": "Deepa Krishnan"}).text
    assert "instalment 1, due 10 Jun" in page
    assert "instalment 2, due 20 Jul" in page
    table = alice.browser.get("/reports/receivables", query_string={"as_of": "2024-08-01", "format": "csv"}).text
    assert table.splitlines()[1].startswith("INR,Deepa Krishnan,0.00,31500.00,13500.00,0.00,0.00,45000.00"), "each in its own column"


def test_lists_and_documents_cost_as_many_statements_as_before(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, costs, selects = alice.browser, [], []
    run = Lane.run
    monkeypatch.setattr(Lane, "run", lambda lane, credential, asked: (selects.append(len(asked)), run(lane, credential, asked))[1])
    for given in ({}, {"instalments": PLAN}):
        invoice_id = issued(alice, **given)
        for path in ("/invoices", f"/invoices/{invoice_id}", "/reports/receivables?party=Deepa+Krishnan", "/"):
            selects.clear()
            assert browser.get(path).status_code == 200
            costs.append(sum(selects))
    assert costs[:4] == costs[4:]
    assert all(costs)


def part_of(page: str, element_id: str) -> str:
    """What of a page lies in a section."""
    begin = page.index(f'id="{element_id}"')
    return page[begin : page.index("</section>", begin)]
