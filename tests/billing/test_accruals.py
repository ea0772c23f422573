"""Services given and not billed or not invoiced, and their accrued cost."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft_bill, issue, issued, line
from tests.billing.test_debit_notes import debited
from tests.billing.test_expected_bills import SUPPLIER, booked, expected
from tests.billing.test_forms import send
from tests.billing.test_from_trips import drafted
from tests.billing.test_recognition import has_policy
from tests.billing.test_service_periods import lasting
from tests.chat.parallel import at_once
from tests.ledger.test_base_amounts import make_ready
from tests.ledger.test_establishing import failed
from tests.ledger.test_revaluations import based, revalue
from tests.people import People, Person
from tests.rates.entered import entered
from tests.trips.things import CREEK, RIDE, a_line, a_trip
from voyagent.billing.accruals import service
from voyagent.billing.accruals.errors import AccrualMatched
from voyagent.billing.bills import queries as bill_queries, service as bills
from voyagent.billing.claims.service import open_claim
from voyagent.billing.core.errors import (
    BillNotDraft,
    BillNotReceived,
    DateTooEarly,
    ExpectedBillNotFound,
    ReasonRequired,
)
from voyagent.billing.core.queries.costs import standing_costs
from voyagent.billing.core.queries.of_trips import is_invoiced
from voyagent.billing.core.service.matching import Match
from voyagent.billing.payments.service.payments import record_payment
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits.service import credit_bill, reverse_supplier_credit
from voyagent.kernel import clock
from voyagent.kernel.database.statement_cache import compiled_for
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.service import months
from voyagent.ledger.service.errors import MonthStillRuns, PeriodLocked
from voyagent.rates.errors import RateMissing
from voyagent.trips.queries.expected_bills import cancelled_statement
from voyagent.trips.queries.services import not_invoiced_statement
from voyagent.trips.service import lines as trip_lines

NOVEMBER = date(2024, 11, 1)
STAY = CREEK.model_copy(update={"check_in": date(2024, 11, 27), "check_out": date(2024, 12, 1)})


@pytest.fixture
def ready(alice: Person, owner_engine: sa.Engine) -> Person:
    """Alice, whose agency has established base amounts."""
    make_ready(owner_engine, alice)
    return alice


def accrued(person: Person, month: date = NOVEMBER) -> list[tuple[int, int, date]]:
    """Accrue a month; return amount, base amount and day of each accrual."""

    def run(actor: Any) -> list[tuple[int, int, date]]:
        rows = service.accrue(actor, month)
        return [(row.amount_minor, row.base_minor, row.booked_on) for row in rows]

    return person.does(run)


def a_service(person: Person, cost: str = "1200.00", currency: str = "USD") -> UUID:
    """Book a stay until 30 November, and return the expected bill."""
    entered(person, date(2024, 11, 30), "84.75")
    trip_id = a_trip(person)
    booked(person, trip_id, STAY, cost=cost, currency=currency)
    (found,) = expected(person, f"trip_id={trip_id}")
    return UUID(found["id"])


def billed(
    person: Person, expected_id: UUID | None, cost: Any, day: date = date(2024, 12, 9), **given: Any
) -> UUID:
    """Receive a bill in dollars at 84.90, possibly matched to an expected bill.

    `cost` is an amount or a line.
    """
    item = line(cost, quantity=1, currency="USD") if isinstance(cost, str) else cost
    bill_id = draft_bill(
        person,
        item,
        vendor_name=SUPPLIER,
        vendor_reference=f"R-{new_id()}"[:20],
        issue_date=day,
        due_date=day,
        exchange_rate=Quote("USD", "INR", Decimal("84.90"), day, "FBIL"),
    )
    matches = [Match(1, expected_id, **given)] if expected_id else []
    person.does(bills.match_bill, bill_id, matches)
    person.does(bills.receive_draft, bill_id, variance_reason="Late check-out")
    return bill_id


def base(person: Person, day: date = date(2024, 12, 31)) -> dict[str | None, int]:
    """Base balances of lines in dollars on the accounts of costs and payables."""
    found = based(person, day)
    names = ("cost_of_services", "accrued_trip_costs", "payable", "exchange_unrealised")
    return {name: found.get(name, 0) for name in names}


def missing(person: Person, month: str = "2024-11") -> dict[str, Any]:
    answer = person.api.get(f"/months/{month}/open-services")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_services_given_without_bill_or_invoice_are_listed_at_closing(
    alice: Person, bob: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    trip_id = a_trip(alice)
    line_id = booked(alice, trip_id, STAY, price="180.00")
    booked(alice, trip_id)  # in 2026
    (unbilled,), (uninvoiced,) = (missing(alice)[name] for name in ("unbilled", "uninvoiced"))
    for one in (unbilled, uninvoiced):
        assert (one["trip_line_id"], one["given_on"]) == (str(line_id), "2024-11-30")
        assert (one["service"], one["supplier"]) == (STAY.name, "Marsa Hotels")
    assert (unbilled["open_amount"], uninvoiced["price"]) == ("150.00", "180.00")
    assert [len(rows) for rows in missing(alice, "2024-10").values() if isinstance(rows, list)] == [
        0
    ] * 3
    assert missing(charlie)["unbilled"] == missing(charlie)["uninvoiced"] == []
    closing = alice.tab.get("/months/2024-11/close").text
    assert "1 service was given and is not billed yet." in closing
    assert "1 service was given that is not invoiced." in closing
    page = alice.tab.get("/months/2024-11/accruals").text
    assert page.count(STAY.name) == 2
    assert bob.tab.get("/months/2024-11/accruals").status_code == 403
    fee = line("90.00", quantity=1) | {"sold_as": "fee"}
    issued(alice, fee, trip_id=trip_id, issue_date=date(2024, 11, 30), due_date=date(2024, 12, 9))
    draft_id, _left_out = drafted(alice, trip_id, line_ids=[line_id], customer_name="Deepa")
    assert missing(alice)["uninvoiced"], "a fee or a draft is no invoice of the service"
    issue(alice, draft_id)
    ride = RIDE.model_copy(update={"on": date(2024, 11, 30)})
    ride_id = a_line(alice, trip_id, ride, price="30.00", currency="INR", status="booked")
    issue(alice, debited(alice, draft_id, {1: "9.00"}, on=None))
    (uninvoiced,) = missing(alice)["uninvoiced"]
    assert uninvoiced["trip_line_id"] == str(ride_id), "the debit note is for the stay"
    issue(alice, drafted(alice, trip_id, line_ids=[ride_id], customer_name="Deepa")[0])
    body = {
        "expected_bill_ids": [unbilled["expected_bill_id"]],
        "vendor_reference": "M-1",
        "issue_date": "2024-12-09",
    }
    bill_id = alice.api.post("/bills/from-expected", json=body).json["id"]
    alice.does(bills.receive_draft, UUID(bill_id))
    assert missing(alice)["unbilled"] == missing(alice)["uninvoiced"] == []
    assert "was given" not in alice.tab.get("/months/2024-11/close").text
    assert alice.api.post("/months/2024-11/close").status_code == 200
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into trip_lines (tenant_id, id, trip_id, kind, starts_on, details,"
                " currency) select tenant_id, gen_random_uuid(), id, 'other',"
                " date '2015-01-01' + n, '{}', 'INR' from trips, generate_series(0, 3000) n"
                " where id = :trip"
            ),
            {"trip": trip_id},
        )
        connection.execute(sa.text("analyze trip_lines"))
    wanted = not_invoiced_statement(date(2024, 11, 29), date(2024, 11, 30), is_invoiced, 200)
    assert "ix_trip_lines_days" in plan_of(alice, wanted)


def plan_of(person: Person, statement: sa.Select[Any]) -> str:
    """Return the plan of a statement in the person's agency."""
    sql, values = compiled_for(statement, person.actor.tenant_id)
    with person.acting():
        raw = db.session.connection().connection.cursor()
        raw.execute(f"explain (costs off) {sql}", values)  # type: ignore[arg-type]
        return " ".join(row for (row,) in raw.fetchall())


def test_a_bill_takes_over_the_accrued_cost(ready: Person) -> None:
    """V24: accrual 101,700.00, December cost 2,547.00, payable 104,247.00."""
    one = a_service(ready)
    assert accrued(ready) == [(120_000, 10_170_000, date(2024, 11, 30))]
    assert accrued(ready) == [], "a further run posts what is left"
    november = base(ready, date(2024, 11, 30))
    assert (november["cost_of_services"], november["accrued_trip_costs"]) == (
        10_170_000,
        -10_170_000,
    )
    bill_id = billed(ready, one, "1230.00")
    december = base(ready)
    assert december["cost_of_services"] - november["cost_of_services"] == 254_700
    assert (december["payable"], december["accrued_trip_costs"]) == (-10_424_700, 0)
    page = ready.tab.get(f"/bills/{bill_id}").text
    assert re.search(
        r"November 2024</span>.*1,200.00.*December 2024</span>.*30.00", page, re.DOTALL
    )
    standing = ready.does(
        lambda _: standing_costs(bill_queries.get_bill(bill_id), date(2024, 12, 9), "INR")
    )
    assert [part.base.amount_minor for part in standing if part.base] == [10_424_700]
    with pytest.raises(AccrualMatched):
        ready.does(service.release_accrual, one, reason="No bill")
    assert failed(ready) == {}
    ready.does(bills.void_bill, bill_id, reason="Wrong", on=date(2024, 12, 20))
    assert base(ready) == november, "the accrual is back"
    assert failed(ready) == {}
    billed(ready, one, "1170.00")
    assert base(ready)["payable"] == -9_915_750


def test_a_received_bill_is_matched_and_a_wrong_match_undone(ready: Person) -> None:
    """V24 and V30 with a bill that was received before it was matched."""
    one = a_service(ready)
    accrued(ready)
    november = base(ready, date(2024, 11, 30))
    bill_id = billed(ready, None, "1230.00")
    alone = base(ready)
    assert alone["payable"] == -10_442_700, "USD 1,230 at 84.90, and the accrual stands"
    assert alone["accrued_trip_costs"] == -10_170_000
    day, path = date(2024, 12, 20), f"/bills/{bill_id}/rematch"
    body: dict[str, Any] = {
        "matches": [{"line_no": 1, "expected_bill_id": str(one)}],
        "matched_on": str(day),
    }
    refused = ready.api.post(path, json=body)
    assert (refused.status_code, refused.json["detail"]) == (409, "bill_variance")
    assert base(ready) == alone
    page = ready.tab.get(path).text
    assert f'value="{one}"' in page
    typed = {"expected-0": str(one), "variance_reason": "Late", "matched_on": "20 Dec 2024"}
    assert send(ready, path, **typed).status_code == 303
    matched = base(ready)
    assert matched["accrued_trip_costs"] == 0
    assert matched["cost_of_services"] - november["cost_of_services"] == 272_700
    shown = ready.tab.get(f"/bills/{bill_id}").text.split('id="matches"')[1]
    assert all(text in shown for text in ("1,200.00", "30.00", "Variance"))
    assert failed(ready) == {}
    same = ready.api.post(path, json=body | {"variance_reason": "Late"}).json
    assert [row["amount"] for row in same["matches"]] == ["1230.00"]
    assert base(ready) == matched, "an unchanged match posts nothing"
    undone = body | {"matches": []}
    results = at_once([lambda: ready.api.post(path, json=undone).status_code] * 2)
    assert results == [200, 200]
    assert base(ready) == alone
    assert failed(ready) == {}
    taken = billed(ready, one, "1230.00")
    part = Match(1, one, Money(100_000, "USD"), is_final=False)
    ready.does(bills.rematch_bill, taken, [part], on=day)
    assert base(ready)["accrued_trip_costs"] == -1_695_000, "USD 200 are still to be billed"
    assert failed(ready) == {}
    ready.does(bills.rematch_bill, taken, [], on=day)
    assert base(ready)["accrued_trip_costs"] == -10_170_000
    assert base(ready)["cost_of_services"] == 10_442_700 + 10_424_700 + 10_170_000
    ready.does(bills.void_bill, taken, reason="Wrong", on=day)
    assert base(ready) == alone
    ready.does(bills.rematch_bill, bill_id, [Match(1, one)], variance_reason="Late", on=day)
    ready.does(bills.void_bill, bill_id, reason="Wrong", on=day)
    assert base(ready) == november
    assert failed(ready) == {}
    with pytest.raises(BillNotReceived):
        ready.does(bills.rematch_bill, bill_id, [])


def test_a_lower_final_bill_credits_cost(ready: Person) -> None:
    """V26: carried 99,157.50; cost is credited with 2,542.50."""
    one = a_service(ready)
    accrued(ready)
    bill_id = billed(ready, one, "1170.00")
    found = base(ready)
    assert (found["payable"], found["accrued_trip_costs"]) == (-9_915_750, 0)
    assert found["cost_of_services"] == 10_170_000 - 254_250
    ready.does(bills.void_bill, bill_id, reason="Wrong", on=date(2024, 12, 20))
    assert base(ready)["accrued_trip_costs"] == -10_170_000
    assert failed(ready) == {}
    partly = billed(ready, one, "400.00", is_final=False)
    assert base(ready)["payable"] == -3_390_000
    assert base(ready)["accrued_trip_costs"] == -6_780_000
    billed(ready, one, "800.00")
    assert (base(ready)["payable"], base(ready)["accrued_trip_costs"]) == (-10_170_000, 0)
    assert failed(ready) == {}
    assert partly


def test_cost_to_come_takes_nothing_and_credits_and_claims_balance(ready: Person) -> None:
    """USD 300 of a bill of USD 1,200 are of November, and USD 900 of December."""
    one = a_service(ready)
    accrued(ready)
    early = billed(ready, one, "400.00", date(2024, 11, 20), is_final=False)
    days = (date(2024, 11, 20), date(2024, 11, 30))
    assert [base(ready, day)["accrued_trip_costs"] for day in days] == [0, -6_780_000]
    assert base(ready, days[1])["cost_of_services"] == 6_780_000 + 3_396_000
    assert failed(ready) == {}
    ready.does(bills.void_bill, early, reason="Wrong", on=date(2024, 11, 25))
    assert base(ready, days[1])["accrued_trip_costs"] == -10_170_000
    assert base(ready, days[1])["cost_of_services"] == 10_170_000
    has_policy(ready, "principal", "by_day")
    stay = lasting(date(2024, 11, 27), date(2024, 12, 12), "1200.00", currency="USD")
    bill_id = billed(ready, one, stay)
    found = base(ready, date(2024, 12, 9))
    assert (found["accrued_trip_costs"], found["cost_of_services"]) == (0, 2_542_500)
    assert found["payable"] == -2_542_500 - 7_641_000
    assert base(ready)["cost_of_services"] == 10_183_500
    entered(ready, date(2024, 12, 10), "85.00")
    on = date(2024, 12, 10)
    terms: dict[str, Any] = {"vendor_reference": "C-1", "reason": "Less", "on": on}
    amounts = {1: Money(10_000, "USD")}
    credit_id = ready.does(lambda a: credit_bill(a, bill_id, amounts=amounts, **terms).id)
    assert base(ready)["payable"] == -9_334_875
    assert failed(ready) == {}
    ready.does(reverse_supplier_credit, credit_id, reason="Wrong", on=on)
    assert base(ready)["payable"] == -10_183_500
    rupees = Money(10_200_000, "INR")
    part = Part(bill_id, rupees, settled=Money(120_000, "USD"))
    paid: dict[str, Any] = {"direction": "out", "party_name": SUPPLIER, "amount": rupees}
    ready.does(lambda actor: bool(record_payment(actor, **paid, on=on, parts=[part])))
    ready.does(lambda actor: bool(open_claim(actor, bill_id, reason="Cancelled", on=on)))
    assert (base(ready)["payable"], base(ready)["cost_of_services"]) == (0, 0)
    assert failed(ready) == {}


def test_an_open_accrual_is_revalued_and_reversed(ready: Person) -> None:
    """V25: loss 540.00 to 5921, reversed on 1 January."""
    a_service(ready)
    accrued(ready)
    entered(ready, date(2024, 12, 31), "85.20")
    assert revalue(ready, date(2024, 12, 1)) == [(1, -54_000)]
    assert base(ready)["exchange_unrealised"] == 54_000
    assert base(ready, date(2025, 1, 1))["exchange_unrealised"] == 0
    assert base(ready, date(2025, 1, 1))["accrued_trip_costs"] == -10_170_000


def test_accrued_cost_is_released_with_a_reason(
    ready: Person, people: People, charlie: Person
) -> None:
    one = a_service(ready)
    accrued(ready)
    bob = people.colleague(ready, "Bob Booker", role="agent")
    for person, error in ((bob, Forbidden), (charlie, ExpectedBillNotFound)):
        with pytest.raises(error):
            person.does(service.release_accrual, one, reason="No bill will come")
    with pytest.raises(DateTooEarly):
        ready.does(service.release_accrual, one, reason="Closed", on=date(2024, 11, 29))
    with pytest.raises(ReasonRequired):
        ready.does(service.release_accrual, one, reason=" ")
    assert "1,200.00" in ready.tab.get(f"/bills/expected/{one}/release-accrual").text
    body = {"reason": "Supplier closed", "released_on": "2024-12-15"}
    released = ready.api.post(f"/bills/expected/{one}/release-accrual", json=body)
    assert released.status_code == 200, released.text
    assert (
        released.json
        | {
            "kind": "released",
            "amount": "-1200.00",
            "base_amount": "-101700.00",
        }
        == released.json
    )
    found = base(ready)
    assert (found["cost_of_services"], found["accrued_trip_costs"]) == (0, 0)
    assert missing(ready)["unbilled"] == [], "no bill is expected any more"
    assert accrued(ready) == []
    again = ready.api.post(f"/bills/expected/{one}/release-accrual", json=body)
    assert (again.status_code, again.json["detail"]) == (409, "accrual_matched")
    assert failed(ready) == {}


def test_which_months_are_accrued(ready: Person, people: People, charlie: Person) -> None:
    one = a_service(ready)
    bob = people.colleague(ready, "Bob Booker", role="agent")
    with pytest.raises(Forbidden):
        bob.does(service.accrue, NOVEMBER)
    assert charlie.does(service.accrue, NOVEMBER) == []
    assert accrued(ready, date(2024, 10, 1)) == [], "the service had not ended"
    with pytest.raises(MonthStillRuns):
        ready.does(service.accrue, clock.today("UTC").replace(day=1))
    ready.does(months.close_month, NOVEMBER)
    with pytest.raises(PeriodLocked):
        ready.does(service.accrue, NOVEMBER)
    with pytest.raises(RateMissing):  # the rate of 30 November is too old on the 1st of January
        ready.does(months.close_month, date(2024, 12, 1))
        ready.does(service.accrue, date(2025, 1, 1))
    entered(ready, date(2025, 1, 1), "85.00")
    answer = ready.api.get("/months/2025-01/accruals/preview")
    assert answer.status_code == 200, answer.text
    preview = answer.json
    assert (preview["total"], preview["items"][0]["day"]) == ("102000.00", "2025-01-01")
    page = ready.tab.get("/months/2025-01/accruals").text
    assert "Accrue January 2025" in page
    assert accrued(ready, date(2025, 1, 1)) == [(120_000, 10_200_000, date(2025, 1, 1))]
    (row,) = ready.api.get("/months/2025-01/accruals").json["items"]
    assert (row["expected_bill_id"], row["base_amount"]) == (str(one), "102000.00")
    assert "its cost is accrued" in ready.tab.get("/months/2025-01/close").text


def test_a_purchase_as_agent_and_a_cancelled_service_are_no_cost(
    alice: Person, owner_engine: sa.Engine
) -> None:
    trip_id = a_trip(alice)
    sold = booked(alice, trip_id, STAY, cost="150.00")
    cancelled = booked(alice, trip_id, STAY, cost="90.00")
    assert sorted(row[0] for row in accrued(alice)) == [9_000, 15_000]
    report = alice.api.get("/reports/trip-margins?from=2024-11-01&to=2024-11-30").json
    (item,) = report["trips"][0]["by_currency"]
    assert (item["actual"]["cost"], item["forecast"]["cost"]) == ("240.00", "240.00")
    ids = {row["trip_line_id"]: UUID(row["id"]) for row in expected(alice)}
    day = date(2024, 12, 9)
    agent = line("150.00", quantity=1) | {"bought_as": "agent"}
    named = {"vendor_name": "Marsa Hotels", "vendor_reference": "A-1"}
    bill_id = draft_bill(alice, agent, **named, issue_date=day, due_date=day)
    alice.does(bills.match_bill, bill_id, [Match(1, ids[str(sold)])])
    results = at_once([lambda: alice.does(bills.receive_draft, bill_id)] * 2)
    assert sum(isinstance(one, BillNotDraft) for one in results) == 1, results
    found = based(alice, day, "INR")
    assert found == {"cost_of_services": 9_000, "accrued_trip_costs": -9_000} | {
        "held_for_suppliers": 15_000,
        "payable": -15_000,
    }
    alice.does(trip_lines.cancel_line, trip_id, cancelled)
    (left,) = expected(alice, f"state=released&trip_id={trip_id}")
    assert failed(alice) == {}, "the accrued cost waits for its release"
    found = missing(alice)
    assert ([one["expected_bill_id"] for one in found["cancelled"]], found["unbilled"]) == (
        [left["id"]],
        [],
    )
    assert "Cancelled, cost still accrued" in alice.tab.get("/months/2024-11/accruals").text
    closing = alice.tab.get("/months/2024-11/close").text
    assert "1 service was cancelled whose cost is still accrued." in closing
    with owner_engine.begin() as connection:  # what was released in earlier years
        connection.execute(
            sa.text(
                "insert into expected_bills (tenant_id, id, trip_id, currency, amount_minor,"
                " due_on, status) select tenant_id, gen_random_uuid(), id, 'INR', 100,"
                " date '2020-01-01', 'released' from trips, generate_series(1, 3000)"
                " where id = :trip"
            ),
            {"trip": trip_id},
        )
        connection.execute(sa.text("analyze expected_bills"))
    plan = plan_of(alice, cancelled_statement(date(2024, 11, 30), 200))
    assert "ix_expected_bills_accrued" in plan, plan
    alice.does(service.release_accrual, UUID(left["id"]), reason="Cancelled")
    assert failed(alice) == {}
