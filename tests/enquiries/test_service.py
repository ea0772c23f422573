"""Rules of creating, changing and cancelling enquiries."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.enquiries.acts import changed, conversation, events, logged, row
from tests.people import Person
from voyagent.chat.queries.sessions import SessionNotFound
from voyagent.enquiries import service
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.queries.enquiries import EnquiryNotFound
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import UnknownCurrency


def test_only_the_name_is_required(alice: Person) -> None:
    found = row(alice, logged(alice))
    assert (found["customer_name"], found["status"], found["pax_count"], found["logged_by"]) == (
        "Deepa Krishnan",
        "new",
        1,
        "Alice Owner",
    )
    assert found["created_by_user_id"] == alice.actor.user_id
    assert found["created_at"] == found["updated_at"]
    empty = (
        "customer_email",
        "customer_phone",
        "origin",
        "destination",
        "depart_date",
        "return_date",
        "budget_hundredths",
        "budget_currency",
        "notes",
        "session_id",
    )
    assert {found[name] for name in empty} == {None}


def test_a_viewer_cannot_create_or_change(alice: Person, victor: Person) -> None:
    enquiry_id = logged(alice)
    alice.does(service.promote, enquiry_id)
    for act in (
        lambda actor: service.create(actor, customer_name="X"),
        lambda actor: service.update(actor, enquiry_id, {}),
        lambda actor: service.cancel(actor, enquiry_id),
        lambda actor: service.promote(actor, enquiry_id),
    ):
        with pytest.raises(Forbidden):
            victor.does(act)


@pytest.mark.parametrize("currency", ["inr", "IN", "INRS", "ΑED", "XXQ", "XAU"])  # noqa: RUF001 - a Greek capital on purpose
def test_a_currency_is_an_iso_4217_code(alice: Person, currency: str) -> None:
    with pytest.raises(UnknownCurrency):
        logged(alice, budget_currency=currency)


def test_the_return_is_not_before_the_departure(alice: Person) -> None:
    day = date(2027, 2, 5)
    with pytest.raises(service.InvalidDateRange):
        logged(alice, depart_date=day, return_date=day - timedelta(days=1))
    assert logged(alice, depart_date=day, return_date=day)
    assert logged(alice, return_date=day)


def test_at_least_one_person_travels(alice: Person) -> None:
    with pytest.raises(service.InvalidPaxCount):
        logged(alice, pax_count=0)


def test_an_amount_requires_a_currency_but_not_vice_versa(alice: Person) -> None:
    with pytest.raises(service.BudgetCurrencyRequired):
        logged(alice, budget_amount=Decimal(1))
    assert logged(alice, budget_currency="INR")


def test_the_first_violated_rule_is_reported(alice: Person) -> None:
    broken = {
        "budget_currency": "zzz",
        "depart_date": date(2027, 2, 5),
        "return_date": date(2027, 2, 4),
        "pax_count": 0,
    }
    with pytest.raises(UnknownCurrency):
        logged(alice, **broken)
    with pytest.raises(service.InvalidDateRange):
        logged(alice, **broken | {"budget_currency": "INR"})
    with pytest.raises(service.InvalidPaxCount):
        logged(
            alice,
            **broken | {"budget_currency": None, "budget_amount": Decimal(1), "return_date": None},
        )


@pytest.mark.parametrize(
    ("amount", "stored"),
    [
        ("1234.567", 123457),
        ("1234.565", 123457),
        ("0.005", 1),
        ("0.004", 0),
        ("0", 0),
        ("999999999999.99", 99_999_999_999_999),
        ("999999999999.994", 99_999_999_999_999),
    ],
)
def test_a_budget_is_rounded_half_away_from_zero_to_two_decimals(amount: str, stored: int) -> None:
    assert service.hundredths(Decimal(amount)) == stored


@pytest.mark.parametrize("amount", ["-0.001", "999999999999.995", "1E+30", "NaN", "Infinity"])
def test_a_budget_lies_within_its_range(amount: str) -> None:
    with pytest.raises(service.BudgetOutOfRange):
        service.hundredths(Decimal(amount))


def test_a_linked_conversation_must_belong_to_the_agency(alice: Person, charlie: Person) -> None:
    mine = conversation(alice)
    assert row(alice, logged(alice, session_id=mine))["session_id"] == mine
    assert row(alice, logged(alice, session_id=str(mine)))["session_id"] == mine
    with pytest.raises(service.InvalidSessionId):
        logged(alice, session_id="s-1")
    for stranger in (new_id(), conversation(charlie)):
        with pytest.raises(SessionNotFound):
            logged(alice, session_id=stranger)
        with pytest.raises(SessionNotFound):
            changed(alice, logged(alice), session_id=stranger)


def test_creating_records_one_event_without_personal_data(alice: Person) -> None:
    enquiry_id = logged(
        alice,
        customer_email="d@x.example",
        notes="secret",
        origin="COK",
        budget_amount=Decimal("10.5"),
        budget_currency="INR",
    )
    (event,) = events(alice, enquiry_id)
    assert (event["kind"], event["actor_name"]) == ("enquiry.created", "Alice Owner")
    changes = {field["field"]: field.get("after") for field in event["inputs"]["fields"]}
    assert changes == {
        "customer_name": None,
        "customer_email": None,
        "notes": None,
        "origin": "COK",
        "budget_amount": "10.50",
        "budget_currency": "INR",
        "status": "new",
        "pax_count": "1",
    }


def test_absent_fields_are_kept_and_none_clears(alice: Person) -> None:
    enquiry_id = logged(
        alice, origin="COK", destination="DXB", budget_amount=Decimal(5), budget_currency="INR"
    )
    found = changed(alice, enquiry_id, origin=None, budget_amount=Decimal("7.005"))
    assert (found["origin"], found["destination"], found["budget_hundredths"]) == (None, "DXB", 701)


def test_only_a_change_sets_updated_at(alice: Person) -> None:
    enquiry_id = logged(alice)
    before = row(alice, enquiry_id)
    after = changed(alice, enquiry_id, notes="x")
    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]
    assert changed(alice, enquiry_id, notes="x")["updated_at"] == after["updated_at"]
    assert [event["kind"] for event in events(alice, enquiry_id)] == [
        "enquiry.updated",
        "enquiry.created",
    ]


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ("status", service.StatusCannotBeNull),
        ("customer_name", service.CustomerNameCannotBeNull),
        ("pax_count", service.PaxCountCannotBeNull),
    ],
)
def test_required_fields_cannot_be_cleared(
    alice: Person, field: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        changed(alice, new_id(), **{field: None})  # seen before the enquiry is looked for


def test_the_rules_apply_to_the_changed_enquiry(alice: Person) -> None:
    enquiry_id = logged(
        alice,
        depart_date=date(2027, 2, 5),
        return_date=date(2027, 2, 9),
        budget_amount=Decimal(5),
        budget_currency="INR",
    )
    with pytest.raises(service.InvalidDateRange):
        changed(alice, enquiry_id, depart_date=date(2027, 2, 10))
    with pytest.raises(service.BudgetCurrencyRequired):
        changed(alice, enquiry_id, budget_currency=None)
    with pytest.raises(service.InvalidPaxCount):
        changed(alice, enquiry_id, pax_count=-1)
    assert (
        changed(alice, enquiry_id, depart_date=date(2027, 2, 10), return_date=None)["return_date"]
        is None
    )
    assert (
        changed(alice, enquiry_id, budget_currency=None, budget_amount=None)["budget_currency"]
        is None
    )


@pytest.mark.parametrize("closed", ["booked", "cancelled"])
def test_a_closed_enquiry_cannot_be_reopened_but_edited(alice: Person, closed: str) -> None:
    enquiry_id = logged(alice, status=closed)
    for opened in ("new", "quoted"):
        with pytest.raises(service.InvalidStatusTransition):
            changed(alice, enquiry_id, status=opened)
    assert changed(alice, enquiry_id, notes="still here", status=closed)["notes"] == "still here"
    other = {"booked": "cancelled", "cancelled": "booked"}[closed]
    assert changed(alice, enquiry_id, status=other)["status"] == other
    assert changed(alice, enquiry_id, status=closed)["status"] == closed


@pytest.mark.parametrize("opened", ["new", "quoted"])
def test_an_open_enquiry_can_get_any_status(alice: Person, opened: str) -> None:
    for status in ("new", "quoted", "booked", "cancelled"):
        assert changed(alice, logged(alice, status=opened), status=status)["status"] == status


def test_a_refused_change_changes_and_records_nothing(alice: Person) -> None:
    enquiry_id = logged(alice, status="booked")
    before = row(alice, enquiry_id)
    with pytest.raises(service.InvalidStatusTransition):
        changed(alice, enquiry_id, notes="not to be kept", status="new")
    assert row(alice, enquiry_id) == before
    assert len(events(alice, enquiry_id)) == 1


def test_a_change_of_an_outdated_version_is_refused(alice: Person, bob: Person) -> None:
    enquiry_id = logged(alice)
    seen = row(alice, enquiry_id)["updated_at"]
    bob.does(service.update, enquiry_id, {"notes": "Bob"}, seen=seen)
    with pytest.raises(service.EnquiryChanged):
        alice.does(service.update, enquiry_id, {"notes": "Alice"}, seen=seen)
    assert row(alice, enquiry_id)["notes"] == "Bob"


def test_the_history_shows_changes_without_personal_data(alice: Person) -> None:
    enquiry_id = logged(alice, "Old Name", origin="COK")
    changed(alice, enquiry_id, customer_name="New Name", origin="TRV", status="quoted")
    newest = events(alice, enquiry_id)[0]
    assert newest["inputs"]["fields"] == [
        {"field": "origin", "before": "COK", "after": "TRV"},
        {"field": "status", "before": "new", "after": "quoted"},
        {"field": "customer_name"},
    ]


def test_an_enquiry_of_another_agency_is_not_found(alice: Person, charlie: Person) -> None:
    enquiry_id = logged(alice)
    for act in (
        lambda actor: service.update(actor, enquiry_id, {"notes": "mine"}),
        lambda actor: service.cancel(actor, enquiry_id),
        lambda actor: service.promote(actor, enquiry_id),
    ):
        with pytest.raises(EnquiryNotFound):
            charlie.does(act)
    with charlie.reading() as reader, pytest.raises(EnquiryNotFound):
        enquiries.get_row(reader, enquiry_id)
    with charlie.reading() as reader, pytest.raises(EnquiryNotFound):
        enquiries.get_with_history(reader, enquiry_id)
    assert row(alice, enquiry_id)["notes"] is None


def test_an_enquiry_is_cancelled_once(alice: Person) -> None:
    enquiry_id = logged(alice, status="booked")
    alice.does(service.cancel, enquiry_id)
    assert row(alice, enquiry_id)["status"] == "cancelled"
    with pytest.raises(service.EnquiryAlreadyCancelled):
        alice.does(service.cancel, enquiry_id)
    assert [event["kind"] for event in events(alice, enquiry_id)] == [
        "enquiry.cancelled",
        "enquiry.created",
    ]


def test_the_next_statuses_are_ordered() -> None:
    assert service.next_statuses("quoted") == ("quoted", "new", "booked", "cancelled")
    assert service.next_statuses("cancelled") == ("cancelled", "booked")
