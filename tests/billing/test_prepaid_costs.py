"""Cost of bill lines with a later service date, which is prepaid until then."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, ISSUED, draft_bill, issued, line, receive, untied
from tests.billing.test_bills_views import TYPED
from tests.billing.test_carrying import quote
from tests.billing.test_effects import run_dry
from tests.billing.test_expected_bills import booked, expected
from tests.billing.test_forms import LINES, send
from tests.billing.test_input_taxes import BOTH
from tests.billing.test_taxes import agency, findings, posted
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances, stored
from tests.ledger.test_base_amounts import make_ready
from tests.people import Person
from tests.trips.things import a_trip
from voyagent.billing.bills import queries as bill_queries, service as bill_service
from voyagent.billing.core.queries.costs import StandingCost, standing_costs
from voyagent.billing.core.service import earning, input_taxes
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.money import Money
from voyagent.ledger.rules import OPENING
from voyagent.ledger.service import chart, months
from voyagent.ledger.service.errors import PeriodLocked

__all__ = ["agency"]
STAY, FLIGHT, EVE = date(2024, 8, 1), date(2024, 9, 15), date(2024, 7, 31)
PREPAID, COST, OWED = "prepaid_trip_costs", "cost_of_services", "payable"


def given(on: date | None, price: str = "100.00", **more: Any) -> LineItem:
    item: Any = line(price, quantity=1) | {"service_date": on, **more}
    found: LineItem = item
    return found


def stood(person: Person, day: date) -> tuple[int, int]:
    """Return prepaid and recognised cost at the end of a date."""
    there = balances(person, day)
    return there.get((PREPAID, "INR"), 0), there.get((COST, "INR"), 0)


def credit(person: Person, bill_id: UUID, day: date, reference: str = "C-1", **minor: int) -> UUID:
    amounts = {int(name[5:]): Money(value, "INR") for name, value in minor.items()} or None
    with person.acting() as actor:
        return supplier_credit_service.credit_bill(
            actor,
            bill_id,
            vendor_reference=reference,
            reason="Not travelled",
            on=day,
            amounts=amounts,
        ).id


def sound(person: Person) -> bool:
    return (untied(person), findings(person)) == ([], [])


# Receiving
# --------------------------------------------------------------------------------


def test_a_cost_before_its_service_is_prepaid_until_its_day(alice: Person) -> None:
    receive(
        alice,
        given(STAY),
        given(STAY, "50.00"),
        given(FLIGHT, "25.00"),
        given(None, "7.00"),
        given(ISSUED, "3.00"),
        given(STAY, "5.00", bought_as="agent"),
    )
    assert balances(alice, ISSUED) == {
        (OWED, "INR"): -19_000,
        (PREPAID, "INR"): 17_500,
        (COST, "INR"): 1_000,
        ("held_for_suppliers", "INR"): 500,
    }
    assert [stood(alice, day) for day in (EVE, STAY, FLIGHT - timedelta(days=1), FLIGHT)] == [
        (17_500, 1_000),
        (2_500, 16_000),
        (2_500, 16_000),
        (0, 18_500),
    ]
    assert sound(alice)


@pytest.mark.parametrize(("is_claimed", "prepaid"), [(True, 100_000), (False, 118_001)])
def test_only_a_claimed_tax_is_posted_at_once(
    agency: Person, is_claimed: bool, prepaid: int
) -> None:
    item = given(STAY, "1000.00", input_taxes=BOTH, input_credit=is_claimed)
    receive(agency, item)
    there = balances(agency, EVE)
    assert there[PREPAID, "INR"] == prepaid
    assert (("input_cgst", "INR") in there) == is_claimed
    assert stood(agency, STAY) == (0, prepaid)
    assert sound(agency)


def test_an_imported_bill_is_no_cost_on_any_day(alice: Person) -> None:
    with alice.acting() as actor:
        chart.opening_account(actor)
    bill_id = draft_bill(alice, given(STAY))
    with alice.acting() as actor:
        bill_queries.get_bill(bill_id).is_opening = True
        bill_service.receive_draft(actor, bill_id)
    assert balances(alice) == {(OWED, "INR"): -10_000, (OPENING, "INR"): 10_000}
    with alice.reading() as reader:
        assert bill_queries.costs_by_month(reader, bill_queries.read_bill(reader, bill_id)) == {}


def test_revenue_and_cost_of_a_trip_are_in_the_month_of_its_service(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """V19: a bill of USD 3,150 at 84.20 is paid with INR 268,000 before the service."""
    make_ready(owner_engine, alice)
    ordered, service = date(2024, 11, 18), date(2025, 1, 10)
    dated = {"issue_date": ordered, "due_date": ordered}
    issued(alice, given(service, "310000.00"), **dated)
    cost = given(service, "3150.00", currency="USD")
    bill_id = receive(alice, cost, exchange_rate=quote("84.20"), **dated)
    settled = Part(bill_id, Money(26_800_000, "INR"), settled=Money(315_000, "USD"))
    with alice.acting() as actor:
        payment_service.record_payment(
            actor,
            direction="out",
            party_name="BSP India",
            amount=Money(26_800_000, "INR"),
            on=ordered,
            parts=[settled],
        )

    def based(day: date) -> dict[str, int]:
        rows = stored(
            owner_engine,
            "select a.purpose, sum(p.base_debit_minor - p.base_credit_minor)::bigint as minor"
            " from postings p join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id"
            " where p.tenant_id = :t and p.effective_date <= :d group by 1",
            t=alice.actor.tenant_id,
            d=day,
        )
        return {row["purpose"]: row["minor"] for row in rows if row["minor"]}

    before = based(date(2024, 11, 30))
    assert (before[PREPAID], before["exchange_differences"]) == (26_523_000, 277_000)
    assert (COST in before, "revenue_services" in before) == (False, False)
    after = based(date(2025, 1, 31))
    assert (after[COST], after["revenue_services"], after["exchange_differences"]) == (
        26_523_000,
        -31_000_000,
        277_000,
    )
    assert (PREPAID in after, OWED in after) == (False, False)
    assert sound(alice)


@pytest.mark.parametrize("is_code_taken", [False, True])
def test_an_agency_of_an_earlier_release_gets_the_account(
    alice: Person, owner_engine: sa.Engine, is_code_taken: bool
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update accounts set purpose = null where tenant_id = :t and code = '1330'"
                if is_code_taken
                else "delete from accounts where tenant_id = :t and code = '1330'"
            ),
            {"t": alice.actor.tenant_id},
        )
    drafts = [draft_bill(alice, given(STAY), vendor_reference=f"B-{one}") for one in range(2)]
    page = Page(alice.tab.get(f"/bills/{drafts[0]}/receive"))
    assert "1330 Prepaid trip costs INR 100.00" in posted(page)
    acts = [
        partial(alice.does, lambda actor, one=one: bill_service.receive_draft(actor, one).status)
        for one in drafts
    ]
    assert at_once(acts) == ["received", "received"]
    assert stood(alice, EVE) == (20_000, 0)
    (added,) = alice.api.get("/audit?kind=ledger.account_added").json["items"]
    assert added["payload"]["inputs"]["code"] == ("1330-1" if is_code_taken else "1330")


def test_the_check_finds_a_prepaid_cost_that_is_never_recognised(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earning, "recognise", lambda *_, **__: None)
    bill_id = receive(alice, given(STAY))
    assert [str(one) for one in findings(alice)] == [
        f"deferred: INR 100.00: bill {bill_id}: what is prepaid never becomes cost"
    ]


# Credits and voids
# --------------------------------------------------------------------------------


def test_a_credit_before_the_service_reduces_prepaid_cost_and_its_recognition(
    alice: Person,
) -> None:
    bill_id = receive(alice, given(STAY), given(None, "50.00"))
    credit_id = credit(alice, bill_id, DUE, line_1=4_000, line_2=1_000)
    assert [stood(alice, day) for day in (ISSUED, DUE, EVE, STAY)] == [
        (10_000, 5_000),
        (6_000, 4_000),
        (6_000, 4_000),
        (0, 10_000),
    ]
    body = alice.api.get(f"/supplier-credits/{credit_id}").json["recognitions"]
    assert [(one["recognised_on"], one["amount"]) for one in body] == [("2024-08-01", "40.00")]
    books = Page(alice.tab.get(f"/supplier-credits/{credit_id}")).words(".//section[@id='books']")
    assert "And on 1 Aug 2024" in books
    credit(alice, bill_id, EVE, "C-2")
    assert [stood(alice, day) for day in (EVE, STAY)] == [(0, 0), (0, 0)]
    assert sound(alice)


@pytest.mark.parametrize("day", [STAY, FLIGHT])
def test_a_credit_from_the_day_of_service_on_reduces_cost(alice: Person, day: date) -> None:
    """V27, of the cost: the part that was given is credited on its own day."""
    credit_id = credit(alice, receive(alice, given(STAY)), day, line_1=4_000)
    assert (stood(alice, EVE), stood(alice, day)) == ((10_000, 0), (0, 6_000))
    assert alice.api.get(f"/supplier-credits/{credit_id}").json["recognitions"] == []
    assert sound(alice)


def test_credits_after_the_service_reduce_revenue_and_cost(alice: Person) -> None:
    """V27: credit notes of 3,000 and 2,000 leave a margin of 1,000."""
    invoice_id = issued(alice, given(STAY, "8000.00"))
    bill_id = receive(alice, given(STAY, "6000.00"))
    credit_now = credit_note_service.issue_credit_note
    amounts = {1: Money(300_000, "INR")}
    alice.does(credit_now, invoice_id, reason="Rain", on=FLIGHT, amounts=amounts)
    credit(alice, bill_id, FLIGHT, line_1=200_000)
    there = balances(alice, FLIGHT)
    assert (there["revenue_services", "INR"], there[COST, "INR"]) == (-500_000, 400_000)
    assert sound(alice)


@pytest.mark.parametrize("credited_on", [DUE, date(2024, 8, 5)], ids=["before", "after"])
def test_a_credit_reversed_after_the_service_is_cost_on_the_day_of_reversal(
    alice: Person, credited_on: date
) -> None:
    back = date(2024, 8, 10)
    bill_id = receive(alice, given(STAY), given(FLIGHT, "30.00"))
    credit_id = credit(alice, bill_id, credited_on, line_1=4_000, line_2=1_000)
    page = Page(alice.tab.get(f"/supplier-credits/{credit_id}/reverse"))
    assert page.words(".//section[@id='postings']").count("And on") == (
        2 if credited_on == DUE else 1
    )
    reverse = supplier_credit_service.reverse_supplier_credit
    alice.does(reverse, credit_id, reason="Travelled", on=back)
    assert [stood(alice, day) for day in (back - timedelta(days=1), back, FLIGHT)] == [
        (2_000, 6_000),
        (3_000, 10_000),
        (0, 13_000),
    ]
    assert sound(alice)


def test_a_void_reverses_each_cost_on_its_day_or_that_of_the_void(alice: Person) -> None:
    bill_id = receive(alice, given(STAY), given(FLIGHT, "30.00"))
    page = Page(alice.tab.get(f"/bills/{bill_id}/void"))
    assert page.words(".//section[@id='postings']").count("And on") == 2
    on = date(2024, 8, 10)
    alice.does(bill_service.void_bill, bill_id, reason="Twice", on=on)
    assert [stood(alice, day) for day in (STAY, on - timedelta(days=1), on, FLIGHT)] == [
        (3_000, 10_000),
        (3_000, 10_000),
        (0, 0),
        (0, 0),
    ]
    found = alice.api.get(f"/bills/{bill_id}").json["recognitions"]
    entries = [
        alice.api.get(f"/journal-entries/{one['reversal_journal_entry_id']}").json for one in found
    ]
    assert [one["entry_date"] for one in entries] == ["2024-08-10", "2024-09-15"]
    assert sound(alice)


def test_a_void_in_a_closed_month_changes_no_cost(alice: Person) -> None:
    bill_id = receive(alice, given(STAY))
    alice.does(months.close_month, date(2024, 6, 1))
    with pytest.raises(PeriodLocked):
        alice.does(bill_service.void_bill, bill_id, reason="Twice", on=DUE)
    assert (stood(alice, EVE), stood(alice, STAY)) == ((10_000, 0), (0, 10_000))


def test_a_cost_that_an_earlier_release_posted_at_once_is_credited_as_cost(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(input_taxes, "later_parts", lambda *_: {})
        bill_id = receive(alice, given(STAY))
    credit(alice, bill_id, DUE, line_1=4_000)
    assert (stood(alice, DUE), stood(alice, STAY)) == ((0, 6_000), (0, 6_000))
    assert sound(alice)


# The account of a cost
# --------------------------------------------------------------------------------


def standing(person: Person, bill_id: UUID, day: date) -> list[StandingCost]:
    return person.does(lambda _: standing_costs(bill_queries.get_bill(bill_id), day, "INR"))


def told(found: list[StandingCost]) -> list[tuple[int, str, int, int | None]]:
    return [
        (one.line_no, one.account, one.amount.amount_minor, one.base and one.base.amount_minor)
        for one in found
    ]


def test_the_cost_of_a_line_stands_on_one_account_with_its_base_amount(
    alice: Person, owner_engine: sa.Engine
) -> None:
    make_ready(owner_engine, alice)
    bill_id = receive(
        alice,
        given(STAY, "33.33", currency="USD"),
        given(STAY, "33.33", currency="USD"),
        given(FLIGHT, "33.34", currency="USD"),
        given(None, "10.00", currency="USD", bought_as="agent"),
        exchange_rate=quote("83.33333333"),
    )
    assert told(standing(alice, bill_id, EVE)) == [
        (1, PREPAID, 3_333, 277_750),
        (2, PREPAID, 3_333, 277_750),
        (3, PREPAID, 3_334, 277_834),
        (4, "held_for_suppliers", 1_000, 83_333),
    ]
    with alice.acting() as actor:
        supplier_credit_service.credit_bill(
            actor,
            bill_id,
            vendor_reference="C-1",
            reason="Less",
            on=DUE,
            amounts={1: Money(3_333, "USD"), 2: Money(1_000, "USD")},
        )
    after = standing(alice, bill_id, STAY)
    assert told(after) == [
        (2, COST, 2_333, 194_417),
        (3, PREPAID, 3_334, 277_834),
        (4, "held_for_suppliers", 1_000, 83_333),
    ]
    assert [one.service_date for one in after] == [None, FLIGHT, None]
    assert standing(alice, bill_id, FLIGHT)[1].account == COST
    assert sound(alice)


def test_a_cost_in_the_base_currency_has_no_base_amount_of_its_own(alice: Person) -> None:
    bill_id = receive(alice, given(STAY), given(None, "5.00"))
    assert told(standing(alice, bill_id, EVE)) == [
        (1, PREPAID, 10_000, None),
        (2, COST, 500, None),
    ]


# Pages, API and the assistant
# --------------------------------------------------------------------------------


def test_form_preview_and_pages_show_when_a_cost_is_posted(alice: Person) -> None:
    typed = TYPED | LINES | {"details": "y", "service_date": ["1 Aug 2024", "", ""]}
    later = ["5100 Cost of travel services INR 45,000.00", "1330 Prepaid trip costs INR 45,000.00"]
    now = [
        "1330 Prepaid trip costs INR 45,000.00",
        "5100 Cost of travel services INR 0.50",
        "2100 Trade payables INR 45,000.50",
    ]
    assert posted(Page(send(alice, "/bills/new", **typed, then="look"))) == [*now, *later]
    path = send(alice, "/bills/new", **typed).headers["Location"]
    edit = Page(alice.tab.get(f"{path}/edit"))
    assert [one.get("value") for one in edit.all(".//input[@name='service_date']")][:2] == [
        "1 Aug 2024",
        "",
    ]
    assert posted(Page(alice.tab.get(f"{path}/receive"))) == [*now, *later]
    assert Page(alice.tab.get(path)).words(".//*[@id='costs']") == (
        "June 20240.50August 202445,000.00"
    )
    assert send(alice, f"{path}/receive").status_code == 303
    page = Page(alice.tab.get(path))
    assert "Service on 1 August 2024" in page.words(".//*[@id='items']")
    assert "And on 1 Aug 2024" in page.words(".//section[@id='books']")
    note = {"vendor_reference": "C-1", "reason": "Late", "issue_date": "31 Jul 2024"}
    amounts = {"amount": ["45,000", ""], "then": "look"}
    crediting = Page(send(alice, f"{path}/credit", **note, **amounts))
    assert posted(crediting)[-2:] == [
        "1330 Prepaid trip costs INR 45,000.00",
        "5100 Cost of travel services INR 45,000.00",
    ]


def test_an_unreadable_service_date_is_marked(alice: Person) -> None:
    typed = TYPED | LINES | {"details": "y", "service_date": ["soon", "", ""]}
    page = Page(send(alice, "/bills/new", **typed))
    assert page.status == 422
    (wrong, *_) = page.all(".//input[@name='service_date']")
    assert (wrong.get("value"), "is-invalid" in wrong.get("class")) == ("soon", True)
    assert alice.api.get("/bills").json["items"] == []


def test_the_api_takes_and_gives_the_service_date(alice: Person) -> None:
    item = {"description": "Room", "quantity": 1, "unit_price": "100.00"}
    body = {
        "vendor_name": "BSP India",
        "vendor_reference": "B-1",
        "issue_date": "2024-06-10",
        "currency": "INR",
        "line_items": [item | {"service_date": "2024-08-01"}],
    }
    bill = alice.api.post("/bills", json=body).json
    assert (bill["line_items"][0]["service_date"], bill["recognitions"]) == ("2024-08-01", [])
    bill = alice.api.patch(f"/bills/{bill['id']}", json={"notes": "Kept"}).json
    assert bill["line_items"][0]["service_date"] == "2024-08-01"
    bill = alice.api.post(f"/bills/{bill['id']}/receive", json={}).json
    (later,) = bill["recognitions"]
    assert (later["recognised_on"], later["amount"]) == ("2024-08-01", "100.00")
    entry = alice.api.get(f"/journal-entries/{later['journal_entry_id']}").json
    assert (entry["source_type"], entry["purpose"]) == ("bill", "cost 2024-08-01")
    assert [(one["code"], one["debit_amount"], one["credit_amount"]) for one in entry["lines"]] == [
        ("5100", "100.00", None),
        ("1330", None, "100.00"),
    ]
    refused = alice.api.post("/bills", json=body | {"line_items": [item | {"service_date": "x"}]})
    assert refused.status_code == 422


def test_a_bill_from_an_expected_one_has_the_first_day_of_the_service(alice: Person) -> None:
    booked(alice, a_trip(alice))
    (one,) = expected(alice)
    body = {
        "expected_bill_ids": [one["id"]],
        "vendor_reference": "M-1",
        "issue_date": "2026-06-10",
    }
    bill = alice.api.post("/bills/from-expected", json=body).json
    assert [(item["service_date"], item["service_to"]) for item in bill["line_items"]] == [
        ("2026-12-19", "2026-12-22")
    ]


def test_the_reviewer_of_a_bill_sees_when_it_becomes_cost(alice: Person) -> None:
    item = {"description": "Room", "quantity": 1, "unit_price": "100.00", "currency": "INR"}
    wanted = {
        "vendor_name": "Sea View",
        "vendor_reference": "SV-1",
        "issue_date": "2024-06-10",
        "due_date": "2024-06-25",
        "line_items": [item | {"service_date": "2024-08-01"}],
    }
    shown = run_dry(alice, "receive_bill", wanted)
    assert {"label": "Cost on 1 Aug 2024", "value": "INR 100.00"} in shown["facts"]
    assert [(one["code"], one["debit"], one["credit"]) for one in shown["lines"]] == [
        ("1330", "100.00", None),
        ("2100", None, "100.00"),
        ("5100", "100.00", None),
        ("1330", None, "100.00"),
    ]
    assert balances(alice) == {}
