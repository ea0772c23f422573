"""The status of an enquiry follows issued invoices and bookings."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.billing.papers import draft, issued, pay
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.identity.keys import with_key
from tests.people import Person
from tests.trips.things import RIDE, a_line, a_trip
from voyagent.billing.invoices.service import issuing
from voyagent.enquiries import service
from voyagent.enquiries.queries import enquiries
from voyagent.trips.service import lines

MISTAKE = "Mistake"


def an_enquiry(person: Person, status: str = "new") -> UUID:
    with person.acting() as actor:
        return service.create(actor, customer_name="Deepa Krishnan", status=status).id


def standing(person: Person, enquiry_id: UUID) -> tuple[str, str]:
    with person.acting():
        enquiry = enquiries.get_enquiry(enquiry_id)
        return enquiry.status, enquiry.status_source


@pytest.mark.parametrize("before", ["new", "quoted", "cancelled"])
def test_an_issued_invoice_books_it_and_a_void_one_does_not(alice: Person, before: str) -> None:
    enquiry_id = an_enquiry(alice, before)
    draft(alice, enquiry_id=enquiry_id)
    assert standing(alice, enquiry_id) == (before, "person")
    invoice_id = issued(alice, enquiry_id=enquiry_id)
    assert standing(alice, enquiry_id) == ("booked", "fact")
    alice.does(issuing.void_invoice, invoice_id, reason=MISTAKE)
    assert standing(alice, enquiry_id) == (before, "person")


def test_an_invoice_of_its_trip_books_it(alice: Person) -> None:
    enquiry_id = an_enquiry(alice)
    issued(alice, trip_id=a_trip(alice, enquiry_id=enquiry_id))
    assert standing(alice, enquiry_id) == ("booked", "fact")


def test_the_highest_fact_that_is_left_counts(alice: Person) -> None:
    enquiry_id = an_enquiry(alice)
    first, second = (issued(alice, enquiry_id=enquiry_id) for _ in range(2))
    alice.does(issuing.void_invoice, first, reason=MISTAKE)
    assert standing(alice, enquiry_id) == ("booked", "fact")
    line_id = a_line(alice, a_trip(alice, enquiry_id=enquiry_id), RIDE, status="booked")
    assert line_id
    alice.does(issuing.void_invoice, second, reason=MISTAKE)
    assert standing(alice, enquiry_id) == ("booked", "fact"), "the ride is still booked"


def test_a_booked_line_books_it_until_it_is_cancelled(alice: Person) -> None:
    enquiry_id = an_enquiry(alice, "quoted")
    trip_id = a_trip(alice, enquiry_id=enquiry_id)
    line_id = a_line(alice, trip_id, RIDE)
    assert standing(alice, enquiry_id) == ("quoted", "person")
    alice.does(lines.update_line, trip_id, line_id, {"status": "booked"})
    assert standing(alice, enquiry_id) == ("booked", "fact")
    alice.does(lines.cancel_line, trip_id, line_id)
    assert standing(alice, enquiry_id) == ("quoted", "person")


def test_the_choice_of_a_person_stays_until_the_next_fact(alice: Person) -> None:
    enquiry_id = an_enquiry(alice)
    trip_id = a_trip(alice, enquiry_id=enquiry_id)
    a_line(alice, trip_id, RIDE, status="booked")
    alice.does(service.update, enquiry_id, {"status": "cancelled"})
    a_line(alice, trip_id, RIDE)
    assert standing(alice, enquiry_id) == ("cancelled", "person")
    a_line(alice, trip_id, RIDE, status="booked")
    assert standing(alice, enquiry_id) == ("booked", "fact")


def test_a_status_that_a_person_has_set_is_not_undone(alice: Person) -> None:
    enquiry_id = an_enquiry(alice, "booked")
    invoice_id = issued(alice, enquiry_id=enquiry_id)
    alice.does(issuing.void_invoice, invoice_id, reason=MISTAKE)
    assert standing(alice, enquiry_id) == ("booked", "person")


def test_an_enquiry_with_an_issued_invoice_is_not_cancelled(alice: Person) -> None:
    enquiry_id = an_enquiry(alice)
    invoice_id = issued(alice, enquiry_id=enquiry_id)
    pay(alice, invoice_id, 4_500_000)
    with pytest.raises(service.EnquiryHasDocuments):
        alice.does(service.cancel, enquiry_id)
    refused = alice.api.patch(f"/enquiries/{enquiry_id}", json={"status": "cancelled"})
    assert (refused.status_code, refused.json["detail"]) == (409, "enquiry_has_documents")  # type: ignore[index]
    assert send(alice, f"/enquiries/{enquiry_id}/cancel").status_code == 409
    assert standing(alice, enquiry_id) == ("booked", "fact")
    kept = alice.api.patch(f"/enquiries/{enquiry_id}", json={"notes": "Window seat"})
    assert kept.json["status_source"] == "fact"  # type: ignore[index]


def test_after_a_void_it_can_be_cancelled(alice: Person) -> None:
    enquiry_id = an_enquiry(alice)
    alice.does(issuing.void_invoice, issued(alice, enquiry_id=enquiry_id), reason=MISTAKE)
    alice.does(service.cancel, enquiry_id)
    assert standing(alice, enquiry_id) == ("cancelled", "person")


def test_a_key_for_the_books_issues_and_voids_the_invoice_of_an_enquiry(alice: Person) -> None:
    enquiry_id = an_enquiry(alice)
    invoice_id = draft(alice, enquiry_id=enquiry_id)
    key = with_key(alice, "books")
    assert key.post(f"/invoices/{invoice_id}/issue").status_code == 200
    assert standing(alice, enquiry_id) == ("booked", "fact")
    assert key.post(f"/invoices/{invoice_id}/void", json={"reason": MISTAKE}).status_code == 200
    assert standing(alice, enquiry_id) == ("new", "person")


def test_a_key_for_trips_books_a_line_of_the_trip_of_an_enquiry(alice: Person) -> None:
    enquiry_id = an_enquiry(alice)
    trip_id = a_trip(alice, enquiry_id=enquiry_id)
    path = f"/trips/{trip_id}/lines/{a_line(alice, trip_id, RIDE)}"
    assert with_key(alice, "trips").patch(path, json={"status": "booked"}).status_code == 200
    assert standing(alice, enquiry_id) == ("booked", "fact")


def test_two_facts_at_the_same_moment_see_each_other(alice: Person) -> None:
    for _ in range(3):
        enquiry_id = an_enquiry(alice)
        first = issued(alice, enquiry_id=enquiry_id)
        drafted = draft(alice, enquiry_id=enquiry_id)

        def issue(invoice_id: UUID = drafted) -> None:
            alice.does(issuing.issue_invoice, invoice_id)

        def void(invoice_id: UUID = first) -> None:
            alice.does(issuing.void_invoice, invoice_id, reason=MISTAKE)

        assert at_once([issue, void]) == [None, None]
        assert standing(alice, enquiry_id) == ("booked", "fact")


def test_the_page_says_that_a_fact_has_set_it(alice: Person, charlie: Person) -> None:
    enquiry_id = an_enquiry(alice)
    path = f"/enquiries/{enquiry_id}"
    assert Page(alice.tab.get(path)).words(".//*[@id='status-source']") == ""
    issued(alice, enquiry_id=enquiry_id)
    shown = Page(alice.tab.get(path)).words(".//*[@id='status-source']")
    assert shown == "set by an invoice or a booking"
    assert charlie.tab.get(path).status_code == 404
