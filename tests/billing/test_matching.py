"""Bills that are drafted from expected bills and matched to them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import draft_bill, line
from tests.billing.test_expected_bills import SUPPLIER, booked, expected
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.people import Person
from tests.trips.things import RIDE, YAS, a_trip
from voyagent.billing.bills import service as bills
from voyagent.billing.core.errors import (
    BillNotDraft,
    BillVariance,
    ExpectedBillNotFound,
    ExpectedBillNotOpen,
    ExpectedBillsDiffer,
    MatchExceedsLine,
)
from voyagent.billing.core.service.matching import Match
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.trips.service import lines

DAY = date(2024, 6, 10)


def one_expected(person: Person, cost: str = "3150.00", **values: Any) -> dict[str, Any]:
    trip_id = a_trip(person)
    booked(person, trip_id, cost=cost, **values)
    (found,) = expected(person, f"trip_id={trip_id}")
    return found


def a_draft(person: Person, cost: str = "3150.00", currency: str = "INR", **given: Any) -> UUID:
    item = line(cost, quantity=1, currency=currency)
    named = {"vendor_name": SUPPLIER, "vendor_reference": f"R-{new_id()}"[:20], "issue_date": DAY}
    return draft_bill(person, item, **{**named, **given})


def matched(person: Person, one: dict[str, Any], cost: str, **given: Any) -> UUID:
    """Draft a bill of a cost and match its line to an expected bill."""
    bill_id = a_draft(person, cost, one["currency"], **given)
    person.does(bills.match_bill, bill_id, [Match(1, UUID(one["id"]))])
    return bill_id


def state(person: Person, one: dict[str, Any]) -> tuple[str, str]:
    for name in ("open", "matched", "released"):
        for row in expected(person, f"state={name}&trip_id={one['trip_id']}"):
            if row["id"] == one["id"]:
                return row["state"], row["matched_amount"]
    raise AssertionError


def test_a_bill_is_drafted_from_expected_bills_of_a_supplier(alice: Person) -> None:
    trip_id = a_trip(alice)
    booked(alice, trip_id)
    booked(alice, trip_id, YAS, cost="90.00")
    ids = [one["id"] for one in expected(alice)]
    body = {"expected_bill_ids": ids, "vendor_reference": "M-1", "issue_date": "2024-06-10"}
    bill = alice.api.post("/bills/from-expected", json=body).json
    assert (bill["status"], bill["vendor_name"], bill["trip_id"]) == (
        "draft",
        SUPPLIER,
        str(trip_id),
    )
    assert {one["unit_price"] for one in bill["line_items"]} == {"150.00", "90.00"}
    assert {one["expected_bill_id"] for one in bill["matches"]} == set(ids)
    alice.does(bills.receive_draft, UUID(bill["id"]))
    assert expected(alice) == []
    assert [one["matched_amount"] for one in expected(alice, "state=matched")] == [
        "150.00",
        "90.00",
    ]


def test_a_voided_bill_is_expected_again_unless_its_service_is_cancelled(alice: Person) -> None:
    one = one_expected(alice)
    bill_id = matched(alice, one, "3150.00")
    assert state(alice, one) == ("open", "0.00"), "a draft is not a bill yet"
    alice.does(bills.receive_draft, bill_id)
    assert state(alice, one) == ("matched", "3150.00")
    alice.does(bills.void_bill, bill_id, reason="Mistake")
    assert state(alice, one) == ("open", "0.00")
    again = matched(alice, one, "3150.00")
    alice.does(bills.receive_draft, again)
    alice.does(lines.cancel_line, UUID(one["trip_id"]), UUID(one["trip_line_id"]))
    assert state(alice, one) == ("matched", "3150.00")
    alice.does(bills.void_bill, again, reason="Mistake")
    assert state(alice, one) == ("released", "0.00")


@pytest.mark.parametrize(
    ("cost", "billed", "is_refused"),
    [
        ("3150.00", "3213.00", False),  # 2 % and 63
        ("3150.00", "3213.01", True),  # above 2 %
        ("3150.00", "3087.00", False),
        ("3150.00", "3086.99", True),
        ("30000.00", "30500.00", False),  # 500 and 1.67 %
        ("30000.00", "30500.01", True),  # above 500
    ],
)
def test_both_tolerances_must_hold(alice: Person, cost: str, billed: str, is_refused: bool) -> None:
    one = one_expected(alice, cost)
    bill_id = matched(alice, one, billed)
    if is_refused:
        with pytest.raises(BillVariance):
            alice.does(bills.receive_draft, bill_id)
        assert state(alice, one) == ("open", "0.00")
        alice.does(bills.receive_draft, bill_id, variance_reason="A dearer room")
    else:
        alice.does(bills.receive_draft, bill_id)
    assert state(alice, one) == ("matched", billed)


@pytest.mark.parametrize("is_rated", [True, False])
def test_a_difference_in_another_currency_is_compared_in_that_of_the_books(
    alice: Person, is_rated: bool
) -> None:
    """Vector V30: USD 63 is 2 % of the expected amount, but 5,304.60 in the books."""
    one = one_expected(alice, "3150.00", currency="USD")
    rate = Quote("USD", "INR", Decimal("84.20"), DAY, "Bank") if is_rated else None
    bill_id = matched(alice, one, "3213.00", exchange_rate=rate)
    with pytest.raises(BillVariance):
        alice.does(bills.receive_draft, bill_id)


def test_the_settings_change_the_tolerance(alice: Person) -> None:
    one = one_expected(alice, "100.00")
    bill_id = matched(alice, one, "103.00")
    changes = {"bill_tolerance_percent": "3", "bill_tolerance_minor": 299}
    answer = alice.api.patch("/tenant-settings", json=changes)
    assert (answer.status_code, answer.json["bill_tolerance_percent"]) == (200, "3.00")
    with pytest.raises(BillVariance):
        alice.does(bills.receive_draft, bill_id)
    alice.api.patch("/tenant-settings", json={"bill_tolerance_minor": 300})
    alice.does(bills.receive_draft, bill_id)


def test_a_bill_in_parts_closes_with_the_final_one(alice: Person) -> None:
    one = one_expected(alice, "1000.00")
    first = a_draft(alice, "400.00")
    part = Match(1, UUID(one["id"]), is_final=False)
    alice.does(bills.match_bill, first, [part])
    alice.does(bills.receive_draft, first)
    assert state(alice, one) == ("open", "400.00")
    second = a_draft(alice, "900.00")
    amount = Money(60000, "INR")
    alice.does(bills.match_bill, second, [Match(1, UUID(one["id"]), amount)])
    alice.does(bills.receive_draft, second)
    assert state(alice, one) == ("matched", "1000.00")
    alice.does(bills.void_bill, first, reason="Mistake")
    assert state(alice, one) == ("open", "600.00")


def test_what_cannot_be_matched(alice: Person, charlie: Person, victor: Person) -> None:
    one, other = one_expected(alice), one_expected(alice, supplier="Yas Hotels")
    dollars, theirs = one_expected(alice, currency="USD"), one_expected(charlie)
    bill_id = a_draft(alice)

    def match(*matches: Match) -> None:
        alice.does(bills.match_bill, bill_id, matches)

    for wrong in (other, dollars):
        with pytest.raises(ExpectedBillsDiffer):
            match(Match(1, UUID(wrong["id"])))
    for unknown in (theirs["id"], str(new_id())):
        with pytest.raises(ExpectedBillNotFound):
            match(Match(1, UUID(unknown)))
    for wrong_match in (
        Match(1, UUID(one["id"]), Money(315001, "INR")),
        Match(2, UUID(one["id"])),
    ):
        with pytest.raises(MatchExceedsLine):
            match(wrong_match)
    alice.does(lines.cancel_line, UUID(one["trip_id"]), UUID(one["trip_line_id"]))
    with pytest.raises(ExpectedBillNotOpen):
        match(Match(1, UUID(one["id"])))
    with pytest.raises(Forbidden):
        victor.does(bills.match_bill, bill_id, [])
    alice.does(bills.receive_draft, bill_id)
    with pytest.raises(BillNotDraft):
        match()


def test_a_bill_of_mixed_expected_bills_is_refused(alice: Person, charlie: Person) -> None:
    one, other = one_expected(alice), one_expected(alice, supplier="Yas Hotels")
    given = {"vendor_reference": "M-1", "issue_date": DAY}
    for ids, error in (
        ((one["id"], other["id"]), ExpectedBillsDiffer),
        ((one["id"], str(new_id())), ExpectedBillNotFound),
        ((one_expected(charlie)["id"],), ExpectedBillNotFound),
    ):
        with pytest.raises(error):
            alice.does(bills.bill_from_expected, [UUID(one) for one in ids], **given)
    alice.does(lines.cancel_line, UUID(one["trip_id"]), UUID(one["trip_line_id"]))
    with pytest.raises(ExpectedBillNotOpen):
        alice.does(bills.bill_from_expected, [UUID(one["id"])], **given)


def test_of_two_bills_for_one_expected_bill_at_once_one_wins(alice: Person) -> None:
    one = one_expected(alice)
    drafts = [matched(alice, one, "3150.00") for _ in range(2)]
    results = at_once([lambda id_=id_: alice.does(bills.receive_draft, id_) for id_ in drafts])
    assert sum(isinstance(result, ExpectedBillNotOpen) for result in results) == 1, results
    assert state(alice, one) == ("matched", "3150.00")


def test_the_pages_draft_match_and_receive(alice: Person) -> None:
    one = one_expected(alice, "100.00", details=RIDE)
    path = "/bills/expected/draft"
    assert "Desert" not in alice.tab.get(f"{path}?expected={one['id']}").text
    answer = send(alice, path, expected=one["id"], vendor_reference="", issue_date="10 Jun 2024")
    assert answer.status_code == 422
    answer = send(alice, path, expected=one["id"], vendor_reference="M-1", issue_date="10 Jun 2024")
    assert answer.status_code == 303, answer.text
    bill_id = a_draft(alice, "110.00")
    page = alice.tab.get(f"/bills/{bill_id}/match").text
    assert f'value="{one["id"]}"' in page
    answer = send(alice, f"/bills/{bill_id}/match", **{"expected-0": one["id"]})
    assert answer.status_code == 303
    page = alice.tab.get(f"/bills/{bill_id}/receive").text
    assert "Line 1 is billed at" in page
    assert send(alice, f"/bills/{bill_id}/receive").status_code == 409
    reason = {"variance_reason": "A longer ride"}
    assert send(alice, f"/bills/{bill_id}/receive", **reason).status_code == 303
    assert state(alice, one) == ("matched", "110.00")


def test_a_voided_bill_gives_back_all_its_matches(alice: Person) -> None:
    one = one_expected(alice, "100.00")
    bill_id = a_draft(alice, "60.00")
    items = [line("60.00", quantity=1), line("40.00", quantity=1)]
    alice.does(bills.revise_bill, bill_id, {"line_items": items})
    both = [Match(1, UUID(one["id"])), Match(2, UUID(one["id"]))]
    alice.does(bills.match_bill, bill_id, both)
    alice.does(bills.receive_draft, bill_id)
    assert state(alice, one) == ("matched", "100.00")
    alice.does(bills.void_bill, bill_id, reason="Mistake")
    assert state(alice, one) == ("open", "0.00")


def test_a_line_and_an_expected_bill_match_once(alice: Person) -> None:
    one = one_expected(alice, "100.00")
    match = {"line_no": 1, "expected_bill_id": one["id"], "amount": "10.00"}
    answer = alice.api.post(
        f"/bills/{a_draft(alice, '60.00')}/matches", json={"matches": [match, match]}
    )
    assert answer.status_code == 422, answer.text


def test_a_partly_billed_service_that_is_booked_again_expects_the_rest(alice: Person) -> None:
    one = one_expected(alice, "1000.00")
    bill_id = a_draft(alice, "400.00")
    alice.does(bills.match_bill, bill_id, [Match(1, UUID(one["id"]), is_final=False)])
    alice.does(bills.receive_draft, bill_id)
    where = UUID(one["trip_id"]), UUID(one["trip_line_id"])
    for status in ("planned", "booked"):
        alice.does(lines.update_line, *where, {"status": status})
    assert state(alice, one) == ("open", "400.00")
    alice.does(bills.void_bill, bill_id, reason="Mistake")
    assert state(alice, one) == ("open", "0.00")
