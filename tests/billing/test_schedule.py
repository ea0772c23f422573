"""The scheduled payment day of a bill: set, changed, removed and shown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, draft_bill, receive, untied
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import People, Person
from voyagent.billing.bills import (
    errors as bill_errors,
    queries as bill_queries,
    service as bill_service,
)
from voyagent.billing.core import errors
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import allocations, payments as payment_service
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.kernel.money import Money

DAY = date(2100, 1, 4)


def stands(person: Person, bill_id: UUID) -> tuple[str, date | None]:
    with person.acting():
        bill = bill_queries.get_bill(bill_id)
        return bill.status, bill.pay_on


def schedule(person: Person, bill_id: UUID, day: date = DAY) -> None:
    person.does(lambda actor: bill_service.schedule_bill(actor, bill_id, pay_on=day).id)


# The rule
# --------------------------------------------------------------------------------


def test_a_payment_date_is_set_changed_and_removed_without_posting(alice: Person) -> None:
    bill_id = receive(alice)
    before = balances(alice)
    schedule(alice, bill_id)
    assert stands(alice, bill_id) == ("scheduled", DAY)
    schedule(alice, bill_id, DAY + timedelta(days=1))
    assert stands(alice, bill_id) == ("scheduled", DAY + timedelta(days=1))
    alice.does(lambda actor: bill_service.unschedule_bill(actor, bill_id).id)
    assert stands(alice, bill_id) == ("received", None)
    assert balances(alice) == before
    assert untied(alice) == []


def test_scheduling_the_same_date_records_no_event(alice: Person) -> None:
    bill_id = receive(alice)
    schedule(alice, bill_id)
    schedule(alice, bill_id)
    assert len(alice.api.get("/audit?kind=bill.scheduled").json["items"]) == 1


def test_a_past_date_is_not_accepted(alice: Person) -> None:
    today = clock.today(alice.actor.timezone)
    bill_id = receive(alice)
    with pytest.raises(errors.InvalidDate):
        schedule(alice, bill_id, today - timedelta(days=1))
    schedule(alice, bill_id, today)
    with pytest.raises(errors.InvalidDate):
        schedule(alice, bill_id, date(2201, 1, 1))


def test_only_an_open_bill_can_be_scheduled(alice: Person) -> None:
    paid, void = receive(alice, vendor_reference="P"), receive(alice, vendor_reference="V")
    alice.does(payment_service.pay_bill, paid, None, DUE)
    alice.does(bill_service.void_bill, void, reason="Entered twice")
    for bill_id in (draft_bill(alice), paid, void):
        with pytest.raises(errors.DocumentNotOpen):
            schedule(alice, bill_id)
        with pytest.raises(bill_errors.BillNotScheduled):
            alice.does(bill_service.unschedule_bill, bill_id)


def test_a_partial_payment_keeps_the_date_and_its_reversal_restores_the_status(
    alice: Person,
) -> None:
    bill_id = receive(alice)
    schedule(alice, bill_id)
    alice.does(payment_service.pay_bill, bill_id, Money(1_000_000, "INR"), DUE)
    assert stands(alice, bill_id) == ("scheduled", DAY)
    part = Part(bill_id, Money(3_500_000, "INR"))
    given = {
        "direction": "out",
        "party_name": "BSP India",
        "amount": Money(3_500_000, "INR"),
        "on": DUE,
        "parts": [part],
    }
    payment_id = alice.does(lambda actor: payment_service.record_payment(actor, **given).id)
    assert stands(alice, bill_id)[0] == "paid"
    with alice.reading() as reader:
        (allocation,) = payment_queries.read_payment(reader, payment_id).allocations
    alice.does(
        lambda actor: allocations.deallocate(actor, payment_id, allocation["id"], on=DUE) and None
    )
    assert stands(alice, bill_id) == ("scheduled", DAY)
    assert untied(alice) == []


def test_a_scheduled_bill_can_be_voided(alice: Person) -> None:
    bill_id = receive(alice)
    schedule(alice, bill_id)
    alice.does(bill_service.void_bill, bill_id, reason="Entered twice")
    assert stands(alice, bill_id)[0] == "void"


@pytest.mark.parametrize(
    "change",
    ["pay_on = null", "status = 'received'", "pay_on = '2201-01-01'", "pay_on = '2024-06-09'"],
)
def test_the_database_keeps_status_and_payment_date_consistent(alice: Person, change: str) -> None:
    bill_id = receive(alice)
    schedule(alice, bill_id)
    with pytest.raises(sa.exc.IntegrityError, match="ck_bills_pay_on"), alice.acting():
        db.session.execute(sa.text(f"update bills set {change} where id = :id"), {"id": bill_id})


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_the_api_schedules_and_unschedules_a_bill(alice: Person) -> None:
    path = f"/bills/{receive(alice)}"
    assert code(alice.api.post(f"{path}/unschedule")) == (409, "bill_not_scheduled")
    assert code(alice.api.post(f"{path}/schedule", json={"pay_on": "2024-06-10"})) == (
        400,
        "invalid_date",
    )
    assert alice.api.post(f"{path}/schedule", json={}).status_code == 422
    body = alice.api.post(f"{path}/schedule", json={"pay_on": "2100-01-04"}).json
    assert (body["status"], body["pay_on"], body["open_amount"]) == (
        "scheduled",
        "2100-01-04",
        "45000.00",
    )
    assert [bill["pay_on"] for bill in alice.api.get("/bills?status=scheduled").json["items"]] == [
        "2100-01-04"
    ]
    body = alice.api.post(f"{path}/unschedule").json
    assert (body["status"], body["pay_on"]) == ("received", None)


def test_one_of_many_parallel_unschedulings_succeeds(alice: Person) -> None:
    bill_id = receive(alice)
    schedule(alice, bill_id)
    answers = at_once([lambda: alice.api.post(f"/bills/{bill_id}/unschedule").status_code] * 4)
    assert sorted(answers) == [200, 409, 409, 409]


def test_the_pages_schedule_and_unschedule_a_bill(alice: Person) -> None:
    bill_id = receive(alice)
    page = Page(alice.tab.get(f"/bills/{bill_id}/schedule"))
    assert page.all(".//input[@name='pay_on']")
    page = Page(send(alice, f"/bills/{bill_id}/schedule", pay_on="1 Jan 2020"))
    assert (page.status, stands(alice, bill_id)[0]) == (422, "received")
    answer = send(alice, f"/bills/{bill_id}/schedule", pay_on="4 Jan 2100")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/bills/{bill_id}")
    assert "To be paid on 4 Jan 2100." in Page(alice.tab.get(f"/bills/{bill_id}")).words(
        ".//*[@id='about']"
    )
    assert "to be paid on 4 Jan 2100" in Page(alice.tab.get("/reports/payables?party=*")).words(
        ".//main"
    )
    assert send(alice, f"/bills/{bill_id}/unschedule").status_code == 303
    assert stands(alice, bill_id) == ("received", None)
    for answer in (
        send(alice, f"/bills/{bill_id}/unschedule"),
        alice.tab.get(f"/bills/{draft_bill(alice, vendor_reference='D')}/schedule"),
    ):
        assert answer.status_code == 303, "what cannot take the step leads back"


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("agency_admin", True),
        ("accounting_lead", True),
        ("ticketing_lead", False),
        ("agent", False),
        ("viewer", False),
    ],
)
def test_only_some_roles_schedule_bills(
    people: People, alice: Person, charlie: Person, role: str, may: bool
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    bill_id = receive(alice)
    body: dict[str, Any] = {"json": {"pay_on": "2100-01-04"}}
    answers = [
        person.api.post(f"/bills/{bill_id}/schedule", **body),
        person.api.post(f"/bills/{bill_id}/unschedule"),
    ]
    assert [answer.status_code for answer in answers] == ([200, 200] if may else [403, 403])
    assert person.tab.get(f"/bills/{bill_id}/schedule").status_code == (200 if may else 403)
    assert (
        f"/bills/{bill_id}/schedule" in Page(person.tab.get(f"/bills/{bill_id}")).links()
    ) == may
    for answer in (
        charlie.api.post(f"/bills/{bill_id}/schedule", **body),
        charlie.api.post(f"/bills/{bill_id}/unschedule"),
    ):
        assert code(answer) == (404, "bill_not_found")
