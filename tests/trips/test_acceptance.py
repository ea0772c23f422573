"""Accepted, proposed, declined and cancelled trips of an enquiry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import draft, draft_bill, issued, line
from tests.billing.test_expected_bills import SUPPLIER, expected
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.test_following import an_enquiry, standing
from tests.people import Person
from tests.reports.books import today
from tests.reports.test_margins import PATH
from tests.reports.test_views import words
from tests.trips.things import DESERT, RIDE, VISA, a_line, a_trip
from voyagent.billing.bills import service as bills
from voyagent.billing.core.service.matching import Match
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.service import drafts, issuing
from voyagent.billing.invoices.service.from_trips import draft_from_trip
from voyagent.kernel.errors import Forbidden
from voyagent.trips.queries.acceptance import get_acceptance
from voyagent.trips.queries.facts import read_trip_facts
from voyagent.trips.queries.trips import TripNotFound
from voyagent.trips.service import acceptance, lines
from voyagent.trips.service.errors import AnotherTripAccepted, TripHasFacts


def acceptances(person: Person, *trip_ids: UUID) -> list[str]:
    with person.acting():
        return [get_acceptance(one) for one in trip_ids]


def rivals(person: Person, count: int = 3) -> tuple[UUID, list[UUID]]:
    enquiry_id = an_enquiry(person)
    return enquiry_id, [a_trip(person, enquiry_id=enquiry_id) for _ in range(count)]


def test_accepting_a_trip_declines_its_rivals_until_it_is_taken_back(alice: Person) -> None:
    enquiry_id, (one, two, three) = rivals(alice)
    other = a_trip(alice)
    assert acceptances(alice, one, two, three, other) == ["proposed"] * 4
    assert alice.does(acceptance.decide, two, "accepted") == "accepted"
    assert acceptances(alice, one, two, three, other) == [
        *("declined", "accepted", "declined"),
        "proposed",
    ]
    assert standing(alice, enquiry_id) == ("booked", "fact")
    with pytest.raises(AnotherTripAccepted):
        alice.does(acceptance.decide, three, "accepted")
    assert alice.does(acceptance.decide, two, None) == "proposed"
    assert acceptances(alice, one, two, three) == ["proposed"] * 3
    assert standing(alice, enquiry_id) == ("new", "person")


def test_a_decision_outlives_the_acceptance_of_a_rival(alice: Person) -> None:
    _enquiry, (one, two, three) = rivals(alice)
    alice.does(acceptance.decide, one, "declined")
    alice.does(acceptance.decide, three, "cancelled")
    alice.does(acceptance.decide, two, "accepted")
    alice.does(acceptance.decide, two, None)
    assert acceptances(alice, one, two, three) == ["declined", "proposed", "cancelled"]
    alice.does(acceptance.decide, one, None)
    assert acceptances(alice, one) == ["proposed"]


def test_a_booking_accepts_a_trip_and_its_end_does_not(alice: Person) -> None:
    _enquiry, (one, two, _three) = rivals(alice)
    line_id = a_line(alice, one, RIDE, status="booked")
    assert acceptances(alice, one, two) == ["accepted", "declined"]
    second = a_line(alice, two, RIDE)
    alice.does(lines.update_line, two, second, {"status": "booked"})
    assert acceptances(alice, one, two) == ["accepted", "accepted"], "both have a fact"
    alice.does(lines.cancel_line, one, line_id)
    alice.does(lines.update_line, two, second, {"status": "planned"})
    assert acceptances(alice, one, two) == ["proposed", "proposed"]


def test_an_issued_invoice_accepts_its_trip_and_a_void_one_does_not(alice: Person) -> None:
    _enquiry, (one, two, _three) = rivals(alice)
    draft(alice, trip_id=one)
    assert acceptances(alice, one) == ["proposed"]
    invoice_id = issued(alice, trip_id=one)
    assert acceptances(alice, one, two) == ["accepted", "declined"]
    alice.does(issuing.void_invoice, invoice_id, reason="Mistake")
    assert acceptances(alice, one, two) == ["proposed", "proposed"]


@pytest.mark.parametrize("decision", ["declined", "cancelled"])
def test_a_trip_with_a_fact_is_neither_declined_nor_cancelled(alice: Person, decision: Any) -> None:
    booked, invoiced = a_trip(alice), a_trip(alice)
    a_line(alice, booked, VISA, status="filed")
    issued(alice, trip_id=invoiced)
    for trip_id in (booked, invoiced):
        with pytest.raises(TripHasFacts):
            alice.does(acceptance.decide, trip_id, decision)
        assert acceptances(alice, trip_id) == ["accepted"]


def test_quoted_amounts_are_frozen_at_the_acceptance_and_booked_cost_at_the_booking(
    alice: Person,
) -> None:
    trip_id = a_trip(alice)
    line_id = a_line(alice, trip_id, RIDE, cost="148.00", price="200.00", currency="INR")

    def amounts() -> list[str | None]:
        found = alice.api.get(f"/trips/{trip_id}/lines/{line_id}").json
        return [found[name] for name in ("quoted_cost", "quoted_price", "booked_cost")]

    assert amounts() == [None, None, None]
    alice.does(acceptance.decide, trip_id, "accepted")
    alice.does(lines.update_line, trip_id, line_id, {"cost": "150.00"})
    assert amounts() == ["148.00", "200.00", None]
    alice.does(lines.update_line, trip_id, line_id, {"status": "booked"})
    alice.does(lines.update_line, trip_id, line_id, {"cost": "151.00"})
    assert amounts() == ["148.00", "200.00", "150.00"]
    alice.does(lines.update_line, trip_id, line_id, {"currency": "AED"})
    assert amounts() == [None, None, "151.00"], "amounts in another currency say nothing"
    alice.does(acceptance.decide, trip_id, None)
    alice.does(lines.update_line, trip_id, line_id, {"status": "planned"})
    assert amounts() == [None, None, None]


def test_of_two_acceptances_of_rivals_at_once_one_wins(alice: Person) -> None:
    _enquiry, (one, two, _three) = rivals(alice)
    results = at_once(
        [lambda id_=id_: alice.does(acceptance.decide, id_, "accepted") for id_ in (one, two)]
    )
    assert sorted(map(str, map(type, results))) == sorted(map(str, (str, AnotherTripAccepted))), (
        results
    )
    assert sorted(acceptances(alice, one, two)) == ["accepted", "declined"]


def test_only_the_accepted_trip_is_planned_in_the_margin_report(alice: Person) -> None:
    """Vector V28: three options of one enquiry, and option B is accepted."""
    enquiry_id = an_enquiry(alice)
    options = {"A": ("289000", "253000"), "B": ("310000", "265000"), "C": ("347000", "308000")}
    trip_ids = {}
    for name, (price, cost) in (options | {"D": ("310000", "273000")}).items():
        trip_ids[name] = a_trip(alice, title=f"Option {name}", enquiry_id=enquiry_id)
        a_line(alice, trip_ids[name], RIDE, price=price, cost=cost, currency="INR")

    def totals() -> list[tuple[str, str, str, str]]:
        return [
            (
                one["price"],
                one["margin"],
                one["proposed"]["price"],
                one["proposed"]["margin"],
            )
            for one in alice.api.get(PATH).json["totals"]
        ]

    assert totals() == [("0.00", "0.00", "1256000.00", "157000.00")]
    alice.does(acceptance.decide, trip_ids["B"], "accepted")
    assert totals() == [("310000.00", "45000.00", "0.00", "0.00")]
    for by in ("customer", "month"):
        (group,) = alice.api.get(f"{PATH}&group_by={by}").json["groups"]
        assert group["by_currency"][0]["margin"] == "45000.00"
    found = {one["title"]: one["acceptance"] for one in alice.api.get(PATH).json["trips"]}
    assert found == {
        "Option A": "declined",
        "Option B": "accepted",
        "Option C": "declined",
        "Option D": "declined",
    }


def test_margins_are_planned_booked_actual_and_forecast(alice: Person) -> None:
    """Vector V29: an invoiced and billed hotel, and a transfer that is booked."""
    trip_id = a_trip(alice, enquiry_id=an_enquiry(alice))
    given: Any = {"currency": "INR", "supplier": SUPPLIER}
    hotel = a_line(alice, trip_id, DESERT, price="200000", cost="148000", **given)
    transfer = a_line(alice, trip_id, DESERT, price="30000", cost="21000", **given)
    alice.does(acceptance.decide, trip_id, "accepted")
    for line_id, cost in ((hotel, "150000"), (transfer, "22000")):
        alice.does(lines.update_line, trip_id, line_id, {"cost": cost, "status": "booked"})

    def margins() -> list[str]:
        (total,) = alice.api.get(PATH).json["totals"]
        parts = (total, *(total[name] for name in ("booked", "actual", "forecast")))
        return [one["margin"] for one in parts]

    assert margins() == ["61000.00", "58000.00", "0.00", "58000.00"]
    with alice.acting() as actor:
        invoice, _left_out = draft_from_trip(actor, trip_id, line_ids=[hotel])
        drafts.revise_draft(actor, invoice.id, {"line_items": [_sold_now(hotel)]})
        issuing.issue_invoice(actor, invoice.id)
    (one,) = (row for row in expected(alice) if row["trip_line_id"] == str(hotel))
    bill_id = draft_bill(
        alice,
        line("152000.00", quantity=1),
        vendor_name=SUPPLIER,
        trip_id=trip_id,
        issue_date=today(),
        due_date=today(),
    )
    alice.does(bills.match_bill, bill_id, [Match(1, UUID(one["id"]))])
    alice.does(bills.receive_draft, bill_id, variance_reason="A dearer room")
    assert margins() == ["61000.00", "58000.00", "48000.00", "56000.00"]
    with alice.reading() as reader:
        found = read_trip_facts(reader, trip_id)
    (totals,) = found.margins
    assert {name: total.margin.wire for name, total in totals.items()} == {
        "planned": "61000.00",
        "booked": "58000.00",
        "actual": "48000.00",
        "forecast": "56000.00",
    }
    facts = {one.line.id: one for one in found.lines}
    assert (facts[hotel].steps, facts[transfer].steps) == ([], ["invoice", "bill"])
    page = words(alice.tab.get(f"/trips/{trip_id}").text)
    assert "Forecast 174,000.00 230,000.00 56,000.00" in page.replace("1,74,", "174,").replace(
        "2,30,", "230,"
    )


def test_the_next_step_of_a_line_is_its_missing_fact(alice: Person) -> None:
    trip_id = a_trip(alice)
    line_id = a_line(alice, trip_id, RIDE, price="30.00", cost="20.00")

    def steps() -> list[str]:
        with alice.reading() as reader:
            (one,) = read_trip_facts(reader, trip_id).lines
            return list(one.steps)

    assert steps() == []
    alice.does(acceptance.decide, trip_id, "accepted")
    assert steps() == ["book"]
    alice.does(lines.update_line, trip_id, line_id, {"status": "booked"})
    assert steps() == ["invoice", "bill"]
    issued(alice, line("30.00", quantity=1) | {"trip_line_id": line_id}, trip_id=trip_id)
    assert steps() == ["bill"]
    page = alice.tab.get(f"/trips/{trip_id}").text
    assert "/bills/expected/draft?expected=" in page


def _sold_now(line_id: UUID) -> LineItem:
    """Return the hotel as a line that is revenue at once."""
    return line("200000.00", quantity=1, description="Hotel") | {"trip_line_id": line_id}


def test_the_page_and_the_api_decide(alice: Person, victor: Person, charlie: Person) -> None:
    _enquiry, (one, two, _three) = rivals(alice)
    path = f"/trips/{one}/decision"
    answer = alice.api.post(path, json={"decision": "accepted"})
    assert (answer.status_code, answer.json["acceptance"]) == (200, "accepted")
    again = alice.api.post(f"/trips/{two}/decision", json={"decision": "accepted"})
    assert (again.status_code, again.json["detail"]) == (409, "another_trip_accepted")
    assert alice.api.post(path, json={}).status_code == 422
    page = alice.tab.get(f"/trips/{two}").text
    assert "Another trip of this enquiry is accepted." in page
    assert send(alice, path, decision="").status_code == 303
    assert acceptances(alice, one, two) == ["proposed", "proposed"]
    with pytest.raises(Forbidden):
        victor.does(acceptance.decide, one, "accepted")
    with pytest.raises(TripNotFound):
        charlie.does(acceptance.decide, one, "accepted")


def test_a_refused_decision_is_explained_on_the_page(alice: Person) -> None:
    trip_id = a_trip(alice)
    a_line(alice, trip_id, RIDE, status="booked")
    answer = send(alice, f"/trips/{trip_id}/decision", decision="cancelled")
    assert answer.status_code == 422
    assert "This trip has a booked service or an issued invoice." in answer.text
