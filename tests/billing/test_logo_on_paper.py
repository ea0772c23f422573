"""The agency's logo in PDFs and on printed pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.billing.papers import advance, issued
from tests.people import Person
from tests.settings.pictures import noise, picture
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.chat.service import conversations as chat
from voyagent.kernel.money import Money
from voyagent.settings.service import logos
from voyagent.trips.service import trips

IMAGE = b"/Subtype/Image"


def invoice(person: Person) -> str:
    return f"/invoices/{issued(person)}/invoice.pdf"


def credit_note(person: Person) -> str:
    note_id = person.does(
        lambda actor: (
            credit_note_service.issue_credit_note(
                actor, issued(person), reason="Not travelled", amounts={1: Money(100, "INR")}
            ).id
        )
    )
    return f"/credit-notes/{note_id}/credit-note.pdf"


def receipt(person: Person) -> str:
    return f"/payments/{advance(person, 5_000)}/payment.pdf"


def itinerary(person: Person) -> str:
    trip_id = person.does(lambda actor: trips.open_trip(actor, title="Dubai", currency="INR").id)
    return f"/trips/{trip_id}/itinerary.pdf"


def statement(person: Person) -> str:
    issued(person)
    return "/reports/receivables?format=pdf"


def pdf(person: Person, address: str) -> bytes:
    answer = person.tab.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.text
    return answer.data


def test_a_logo_of_noise_adds_few_bytes_to_a_file_that_is_kept(alice: Person) -> None:
    alice.does(logos.put, noise())
    assert len(pdf(alice, invoice(alice))) < 200_000


@pytest.mark.parametrize("made", [invoice, credit_note, receipt, itinerary])
@pytest.mark.parametrize(
    "stored", [picture("PNG", mode="RGBA", colour=(0, 80, 80, 120)), picture("JPEG", (900, 900))]
)
def test_a_pdf_has_the_logo_of_the_agency(
    alice: Person, made: Callable[[Person], str], stored: bytes
) -> None:
    without = pdf(alice, made(alice))
    assert IMAGE not in without
    alice.does(logos.put, stored)
    address = made(alice)
    with_it = pdf(alice, address)
    assert IMAGE in with_it
    assert b"Alice Travels" in with_it, "what is read aloud in the picture's place"
    alice.does(logos.remove)
    assert IMAGE not in pdf(alice, made(alice))
    is_kept = made in (invoice, credit_note)
    assert (IMAGE in pdf(alice, address)) == is_kept


def test_a_report_has_the_logo(alice: Person, charlie: Person) -> None:
    address = statement(alice)
    charlie.does(logos.put, picture())
    assert IMAGE not in pdf(alice, address), "another agency's"
    alice.does(logos.put, picture())
    assert IMAGE in pdf(alice, address)


def test_sheets_and_pdfs_show_the_currency_in_the_header(alice: Person) -> None:
    invoice_id = issued(alice)
    session_id = alice.does(lambda actor: chat.create_session(actor).id)
    pages = (
        f"/invoices/{invoice_id}",
        "/reports/receivables",
        f"/assistant/{session_id}",
        "/audit",
    )

    def shown() -> list[Any]:
        return [
            "/settings/logo?v=" in alice.tab.get(path, follow_redirects=True).text for path in pages
        ]

    assert shown() == [False] * 4
    alice.does(logos.put, picture())
    assert shown() == [True] * 4


def test_a_printed_conversation_has_its_title_and_agency(alice: Person) -> None:
    session_id = alice.does(lambda actor: chat.create_session(actor, title="Dubai for four").id)
    page = alice.tab.get(f"/assistant/{session_id}").text
    head = page[
        page.index('<div class="v-print') : page.index("<header", page.index('<div class="v-print'))
    ]
    assert all(
        words in head
        for words in (
            "Alice Travels",
            "Dubai for four",
            "Conversation with the assistant",
            "Alice Owner",
        )
    )
