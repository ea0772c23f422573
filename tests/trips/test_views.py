"""Pages of trips: the list, the itinerary, forms without JavaScript, the PDF."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tests.enquiries.reading import Page
from tests.paper_text import text_of
from tests.people import Person, csrf_token
from tests.trips.test_mrz import FIRST, SECOND, line
from tests.trips.things import (
    BACK,
    CREEK,
    OUT,
    PASSPORT,
    VISA,
    a_line,
    a_passenger,
    a_trip,
    whole_trip,
)
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service as enquiries
from voyagent.settings.service import tenant_settings as settings
from voyagent.trips.queries import trips
from voyagent.trips.rules.journey import Journey
from voyagent.trips.service import lines

FLIGHT = {
    "flight": "ek533",
    "origin": "cok",
    "destination": "DXB",
    "departs_on": "19 Dec 2026",
    "departs_time": "0430",
    "arrives_time": "7:10",
    "status": "booked",
    "currency": "INR",
    "cost": "96,000",
    "price": "1,04,000.50",
    "supplier_ref": "Q7X2LM",
}


def send(browser: FlaskClient, path: str, **fields: Any) -> Any:
    return browser.post(path, data={**fields, "csrf_token": csrf_token(browser)})


def journey(person: Person, trip_id: UUID) -> Journey:
    with person.reading() as reader:
        return trips.read_trip(reader, trip_id)


def test_the_page_shows_the_itinerary_by_day(alice: Person) -> None:
    trip_id = whole_trip(alice)
    answer = alice.tab.get(f"/trips/{trip_id}")
    assert answer.status_code == 200
    page = Page(answer).words()
    for words in (
        *(
            "Deepa, Rajiv, Ananya and Aarav Krishnan",
            "19 to 25 December 2026 · 6 nights",
            "Booking Q7X2LM",
            "Kochi to Dubai and back",
        ),
        *("4 nights Dubai, 2 nights Abu Dhabi", "4 visas for United Arab Emirates, applied for"),
        *(
            "To Dubai",
            "EK 533 · 4 h 10",
            "Sat 26 Dec, next day",
            "Desert at sunset",
            "At leisure",
            "To Abu Dhabi",
            "Arrival home",
            "₹2,28,200.50",
            "AED 1,480.00",
        ),
        *("Passport ••••4560", "until 30 Apr 2031"),
    ):
        assert words in page, words
    assert "Z123456" not in answer.text


def test_only_staff_see_the_findings(alice: Person) -> None:
    trip_id = a_trip(alice)
    a_passenger(
        alice, trip_id, passport_expiry=date(2027, 1, 5), passport_number=PASSPORT, nationality="IN"
    )
    a_line(alice, trip_id, OUT)
    page = Page(alice.tab.get(f"/trips/{trip_id}"))
    assert (
        "expires on 5 Jan 2027. United Arab Emirates requires validity until 19 Jun 2027"
        in page.words(".//section[@id='findings']")
    )
    assert page.one(".//section[@id='findings']").attrib["class"] == "v-findings v-screen"
    assert "Passport" not in page.words(".//article")
    assert page.one(".//aside[@id='about']").attrib["class"] == "v-screen", (
        "costs and passports are never printed"
    )


def test_a_viewer_sees_no_form_or_button(alice: Person, victor: Person) -> None:
    trip_id = whole_trip(alice)
    page = Page(victor.tab.get(f"/trips/{trip_id}"))
    own = [
        *(f"/trips/{trip_id}/itinerary.{form}" for form in ("pdf", "xlsx", "csv")),
        f"/trips/{trip_id}?prices=no",
    ]
    assert [link for link in page.links() if link.startswith(f"/trips/{trip_id}")] == own
    assert "••••4560" in page.words()
    assert victor.tab.get(f"/trips/{trip_id}/edit").status_code == 403


def test_the_list_shows_trips_newest_first_and_explains_the_first_step(alice: Person) -> None:
    assert "No trips yet" in Page(alice.tab.get("/trips")).words()
    whole_trip(alice)
    a_trip(alice, title="Goa")
    page = Page(alice.tab.get("/trips"))
    assert page.rows() == ["Goa", "Krishnan family, Dubai"]
    assert "19 Dec – 26 Dec" in page.words(".//tbody")
    assert "End of the list" in Page(alice.tab.get("/trips?offset=50")).words()


# Opening
# --------------------------------------------------------------------------------


def test_a_trip_is_created_by_a_form(alice: Person) -> None:
    answer = send(
        alice.tab, "/trips/new", title="Dubai", currency="AED", notes="Sockets are British."
    )
    assert answer.status_code == 303
    trip = journey(alice, UUID(answer.location.rsplit("/", 1)[1])).trip
    assert (trip["title"], trip["currency"], trip["notes"]) == (
        "Dubai",
        "AED",
        "Sockets are British.",
    )


def test_a_trip_is_renamed_and_its_notes_cleared(alice: Person) -> None:
    trip_id = a_trip(alice, notes="Old")
    browser = alice.tab
    assert Page(browser.get(f"/trips/{trip_id}/edit")).field("notes") == "Old"
    assert (
        send(
            browser, f"/trips/{trip_id}/edit", title="Abu Dhabi", currency="INR", notes=""
        ).status_code
        == 303
    )
    trip = journey(alice, trip_id).trip
    assert (trip["title"], trip["notes"]) == ("Abu Dhabi", None)


def test_enquiries_and_conversations_link_their_trip(alice: Person) -> None:
    with alice.acting() as actor:
        enquiry_id = enquiries.create(actor, customer_name="Deepa Krishnan", destination="Dubai").id
        session_id = chat.create_session(actor, title="Krishnan family").id
    browser = alice.tab
    for origin, given in (
        (f"/enquiries/{enquiry_id}", {"enquiry_id": enquiry_id}),
        (f"/assistant/{session_id}", {"session_id": session_id}),
    ):
        forms = Page(browser.get(origin)).all(".//form[@action='/trips/open']")
        assert [
            field.attrib["value"]
            for form in forms
            for field in form.iter("input")
            if field.attrib["name"] in given
        ] == [str(*given.values())]
        first, again = (
            browser.post("/trips/open", data={**given, "csrf_token": csrf_token(browser)}).location
            for _ in range(2)
        )
        assert first == again
        assert browser.get(first).status_code == 200


def test_creating_a_trip_for_an_unknown_or_foreign_record_is_404(
    alice: Person, charlie: Person
) -> None:
    with charlie.acting() as actor:
        theirs = chat.create_session(actor, title="Theirs").id
    browser = alice.tab
    for given in ({}, {"session_id": "nonsense"}, {"session_id": theirs}, {"enquiry_id": theirs}):
        assert (
            browser.post(
                "/trips/open", data={**given, "csrf_token": csrf_token(browser)}
            ).status_code
            == 404
        )


def test_the_itinerary_of_a_conversation_links_its_trip(alice: Person, charlie: Person) -> None:
    with alice.acting() as actor:
        session_id = chat.create_session(actor, title="Krishnan family").id
    browser = alice.tab
    page = Page(browser.get(f"/reports/itinerary?session_id={session_id}"))
    assert "No trip in this conversation yet" in page.words()
    trip_id = a_trip(alice, session_id=session_id)
    assert (
        browser.get(f"/reports/itinerary?session_id={session_id}").location == f"/trips/{trip_id}"
    )
    assert browser.get("/reports/itinerary").location == "/trips"
    assert browser.get("/reports/itinerary?session_id=nonsense").status_code == 404
    assert charlie.tab.get(f"/reports/itinerary?session_id={session_id}").status_code == 404


# Passengers
# --------------------------------------------------------------------------------


def test_passengers_are_added_one_after_another(alice: Person) -> None:
    trip_id = a_trip(alice)
    browser, path = alice.tab, f"/trips/{trip_id}/passengers/new"
    body = {
        "kind": "adult",
        "nationality": "IN",
        "date_of_birth": "4 May 1986",
        "passport_number": "z123 4567",
        "passport_expiry": "2031-01-01",
    }
    assert send(browser, path, full_name="Deepa Krishnan", then="another", **body).location == path
    assert (
        send(browser, path, full_name="Rajiv Krishnan", kind="adult").location
        == f"/trips/{trip_id}"
    )
    deepa, rajiv = journey(alice, trip_id).passengers
    assert (deepa.full_name, deepa.passport_last4, deepa.date_of_birth, deepa.nationality) == (
        "Deepa Krishnan",
        "4567",
        date(1986, 5, 4),
        "IN",
    )
    assert (rajiv.passport_last4, rajiv.nationality) == (None, None)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"full_name": " "}, "full_name"),
        ({"passport_number": "12"}, "passport_number"),
        ({"date_of_birth": "soon"}, "date_of_birth"),
        ({"kind": "pet"}, "kind"),
    ],
)
def test_an_invalid_passenger_form_keeps_its_input(
    alice: Person, values: dict[str, str], field: str
) -> None:
    trip_id = a_trip(alice)
    answer = send(
        alice.tab,
        f"/trips/{trip_id}/passengers/new",
        **{"full_name": "Deepa", "kind": "adult", **values},
    )
    assert answer.status_code == 422
    assert Page(answer).error_at(field)
    assert journey(alice, trip_id).passengers == ()


def test_a_passport_number_stays_unless_it_is_replaced_or_deleted(alice: Person) -> None:
    trip_id = a_trip(alice)
    person_id = a_passenger(alice, trip_id, passport_number=PASSPORT)
    browser, path = alice.tab, f"/trips/{trip_id}/passengers/{person_id}"
    page = Page(browser.get(path))
    assert "••••4567 is stored" in page.words()
    assert (page.field("passport_number") or "") == ""
    for values, stored in (
        ({}, "4567"),
        ({"passport_number": "Y7654321"}, "4321"),
        ({"forget_passport": "y"}, None),
    ):
        assert (
            send(browser, path, full_name="Deepa Krishnan", kind="adult", **values).status_code
            == 303
        )
        assert journey(alice, trip_id).passengers[0].passport_last4 == stored


def test_the_passport_lines_fill_the_form_without_saving(alice: Person) -> None:
    trip_id = a_trip(alice)
    browser, path = alice.tab, f"/trips/{trip_id}/passengers/new"
    answer = send(
        browser,
        path,
        full_name="",
        kind="adult",
        passport_lines=f"{FIRST}\n{line(nationality='IND')}",
    )
    page = Page(answer)
    assert answer.status_code == 200
    assert "Date of birth was read as 4 May 1986, expiry as 1 Jan 2031" in page.words()
    names = ("full_name", "passport_number", "nationality", "date_of_birth", "passport_expiry")
    filled = {name: page.field(name) or "" for name in names}
    assert filled == dict(
        zip(
            names,
            ("Anna Maria Eriksson", "Z1234567", "IN", "4 May 1986", "1 Jan 2031"),
            strict=True,
        )
    )
    assert (page.field("passport_lines") or "").strip() == ""
    assert journey(alice, trip_id).passengers == ()
    assert send(browser, path, kind="adult", **filled).status_code == 303
    saved = journey(alice, trip_id).passengers[0]
    assert (saved.full_name, saved.passport_last4, saved.nationality) == (
        "Anna Maria Eriksson",
        "4567",
        "IN",
    )
    assert (saved.date_of_birth, saved.passport_expiry) == (date(1986, 5, 4), date(2031, 1, 1))


def test_an_entered_name_is_kept_if_the_passport_differs(
    alice: Person,
) -> None:
    trip_id = a_trip(alice)
    person_id = a_passenger(alice, trip_id, nationality="IN")
    browser, path = alice.tab, f"/trips/{trip_id}/passengers/{person_id}"
    page = Page(
        send(
            browser,
            path,
            full_name="Deepa Krishnan",
            kind="adult",
            nationality="IN",
            passport_lines=FIRST + SECOND,
        )
    )
    assert (page.field("full_name"), page.field("nationality")) == ("Deepa Krishnan", "IN")
    assert "The passport shows Anna Maria Eriksson. The name below was not changed." in page.words()
    assert "The nationality code UTO is not known" in page.words()
    assert journey(alice, trip_id).passengers[0].passport_last4 is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("P<UTO", "These are not valid passport lines"),
        (SECOND.replace("L8", "L9"), "The check digit of the passport"),
        (SECOND[:-1] + "1", "The last check digit"),
    ],
)
def test_invalid_passport_lines_are_shown_with_the_wrong_digit(
    alice: Person, typed: str, expected: str
) -> None:
    trip_id = a_trip(alice)
    answer = send(
        alice.tab,
        f"/trips/{trip_id}/passengers/new",
        full_name="Deepa",
        kind="adult",
        passport_lines=typed,
    )
    assert answer.status_code == 422
    assert expected in str(Page(answer).error_at("passport_lines"))
    assert journey(alice, trip_id).passengers == ()


def test_a_passenger_is_removed_after_confirmation(alice: Person) -> None:
    trip_id = a_trip(alice)
    person_id = a_passenger(alice, trip_id)
    browser, path = alice.tab, f"/trips/{trip_id}/passengers/{person_id}/remove"
    assert "Remove Deepa Krishnan from the trip?" in Page(browser.get(path)).words()
    assert len(journey(alice, trip_id).passengers) == 1
    assert send(browser, path).status_code == 303
    assert journey(alice, trip_id).passengers == ()


# Lines
# --------------------------------------------------------------------------------


def test_a_flight_is_read_in_common_notations(alice: Person) -> None:
    trip_id = a_trip(alice)
    answer = send(alice.tab, f"/trips/{trip_id}/lines/new?kind=flight", **FLIGHT)
    assert answer.status_code == 303, Page(answer).words()
    (line,) = journey(alice, trip_id).lines
    details: Any = line.details
    assert (details.carrier, details.number, details.origin, details.destination) == (
        "EK",
        "533",
        "COK",
        "DXB",
    )
    assert (details.departs_at, details.arrives_at) == ("2026-12-19T04:30", "2026-12-19T07:10")
    assert (line.cost.wire, line.price.wire, line.status, line.supplier_ref) == (
        "96000.00",
        "104000.50",
        "booked",
        "Q7X2LM",
    )


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("flight", FLIGHT | {"flight": "Emirates"}, "flight"),
        ("flight", FLIGHT | {"flight": ""}, "flight"),
        ("flight", FLIGHT | {"origin": "Kochi"}, "origin"),
        ("flight", FLIGHT | {"departs_time": ""}, "departs_on"),
        ("flight", FLIGHT | {"arrives_time": "2:00"}, "arrives_on"),
        ("flight", FLIGHT | {"price": "12.345"}, "price"),
        ("flight", FLIGHT | {"cost": "much"}, "cost"),
        (
            "hotel",
            {
                "name": "Creek",
                "city": "Dubai",
                "check_in": "23 Dec 2026",
                "check_out": "19 Dec 2026",
            },
            "check_out",
        ),
        (
            "hotel",
            {"name": "", "city": "Dubai", "check_in": "19 Dec 2026", "check_out": "23 Dec 2026"},
            "name",
        ),
        (
            "transfer",
            {"on": "23 Dec 2026", "origin": "Dubai", "destination": "Abu Dhabi", "at": "noon"},
            "at",
        ),
        ("visa", {"country": ""}, "country"),
        ("other", {"title": "Desert", "on": "21 Dec 2026", "until": "20 Dec 2026"}, "until"),
    ],
)
def test_an_error_is_shown_at_its_field(
    alice: Person, kind: str, values: dict[str, str], field: str
) -> None:
    trip_id = a_trip(alice)
    answer = send(
        alice.tab,
        f"/trips/{trip_id}/lines/new?kind={kind}",
        **{"status": "planned", "currency": "INR", **values},
    )
    assert answer.status_code == 422
    assert Page(answer).error_at(field), Page(answer).words(".//form")
    assert journey(alice, trip_id).lines == ()


@pytest.mark.parametrize("kind", ["flight", "hotel", "transfer", "visa", "other"])
def test_a_line_saved_without_a_change_is_unchanged(alice: Person, kind: str) -> None:
    """Every field of the form has its value, and values without a field are kept."""
    trip_id = whole_trip(alice)
    if kind == "flight":
        flight = next(line for line in journey(alice, trip_id).lines if line.kind == "flight")
        ticketed: Any = OUT.model_copy(
            update={"tickets": ["1761234567890"], "origin_terminal": "T3"}
        )
        alice.does(lines.update_line, trip_id, flight.id, {"details": ticketed})
    before = next(line for line in journey(alice, trip_id).lines if line.kind == kind)
    browser, path = alice.tab, f"/trips/{trip_id}/lines/{before.id}"
    page = Page(browser.get(path))
    names = {
        element.attrib["name"] for element in page.all(".//form[@id='line-form']//*[@name]")
    } - {"csrf_token"}
    assert (
        send(browser, path, **{name: page.field(name) or "" for name in names}).status_code == 303
    )
    after = next(line for line in journey(alice, trip_id).lines if line.id == before.id)
    assert after == before


def test_cancelling_and_removing_a_booked_line_ask_for_confirmation(
    alice: Person,
) -> None:
    trip_id = a_trip(alice)
    line_id = a_line(alice, trip_id, CREEK, status="booked", price="100")
    browser, path = alice.tab, f"/trips/{trip_id}/lines/{line_id}"
    assert f"{path}/cancel" in Page(browser.get(path)).links()
    assert "Cancel Marsa Creek Hotel?" in Page(browser.get(f"{path}/cancel")).words()
    assert (
        browser.post(f"{path}/remove", data={"csrf_token": csrf_token(browser)}).status_code == 409
    )
    assert send(browser, f"{path}/cancel").status_code == 303
    page = Page(browser.get(path))
    assert page.all(".//form[@id='line-form']") == []
    assert "Marsa Creek Hotel" not in Page(browser.get(f"/trips/{trip_id}")).words(".//article")
    assert send(browser, f"{path}/remove").status_code == 303
    assert journey(alice, trip_id).lines == ()


# PDF
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["en", "hi"])
def test_the_pdf_is_in_the_agencys_language(alice: Person, locale: str) -> None:
    alice.does(settings.update, {"locale": locale})
    trip_id = whole_trip(alice)
    answer = alice.tab.get(f"/trips/{trip_id}/itinerary.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert re.fullmatch(
        r'inline; filename="itinerary-krishnan-family-dubai-\d{4}-\d\d-\d\d\.pdf"',
        answer.headers["Content-Disposition"],
    )
    assert b"Z123456" not in answer.data


def test_the_pdf_has_passengers_flights_tickets_and_price(
    alice: Person,
) -> None:
    trip_id = a_trip(alice)
    for name in ("Deepa Krishnan", "Rajiv Krishnan"):
        a_passenger(alice, trip_id, name, passport_number=PASSPORT)
    ticketed = {"tickets": ["1769000000011", "1769000000012"]}
    a_line(
        alice,
        trip_id,
        OUT.model_copy(update=ticketed),
        price="104000",
        status="ticketed",
        supplier_ref="Q7X2LM",
    )
    a_line(
        alice, trip_id, BACK.model_copy(update=ticketed), status="ticketed", supplier_ref="Q7X2LM"
    )
    read = text_of(alice.tab.get(f"/trips/{trip_id}/itinerary.pdf").data)
    for words in (
        "Deepa and Rajiv Krishnan",
        "EK 533 · 4 h 10",
        "Booking Q7X2LM",
        "1769000000011, 1769000000012",
        "₹1,04,000.00",
    ):
        assert words in " ".join(read.split()), words
    assert PASSPORT not in read


def test_trips_with_few_data_have_a_pdf_too(alice: Person) -> None:
    trip_id = a_trip(alice, title="#import “x” *_$" * 12)
    assert alice.tab.get(f"/trips/{trip_id}/itinerary.pdf").status_code == 200
    a_line(alice, trip_id, VISA)
    assert alice.tab.get(f"/trips/{trip_id}/itinerary.pdf").status_code == 200


def test_the_pdf_of_another_agencys_trip_is_not_found(
    alice: Person, charlie: Person, victor: Person
) -> None:
    trip_id = whole_trip(alice)
    assert charlie.tab.get(f"/trips/{trip_id}/itinerary.pdf").status_code == 404
    assert victor.tab.get(f"/trips/{trip_id}/itinerary.pdf").status_code == 200
    assert charlie.api.get(f"/trips/{trip_id}/itinerary.pdf").status_code == 404
    assert victor.api.get(f"/trips/{trip_id}/itinerary.pdf").status_code == 200


def test_the_api_and_the_page_return_the_same_itinerary_pdf(alice: Person) -> None:
    trip_id = whole_trip(alice)
    shown = text_of(alice.tab.get(f"/trips/{trip_id}/itinerary.pdf").data)
    answer = alice.api.get(f"/trips/{trip_id}/itinerary.pdf")
    assert (answer.status_code, answer.mimetype, text_of(answer.data)) == (
        200,
        "application/pdf",
        shown,
    )
    assert "₹" in shown
    assert "₹" not in text_of(alice.api.get(f"/trips/{trip_id}/itinerary.pdf?prices=false").data)
    assert "और" in text_of(alice.api.get(f"/trips/{trip_id}/itinerary.pdf?locale=hi").data)
