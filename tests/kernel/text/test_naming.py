"""Unknown names are found by their position and capital letters."""

from __future__ import annotations

from datetime import date

import pytest

from tests.cpu_time import cpu_seconds
from voyagent.kernel.text.naming import Role, find_names, find_runs
from voyagent.kernel.text.reading import read


def names(text: str, role: Role = "customer") -> list[str]:
    spans = read(text, today=date(2026, 11, 30)).spans
    hidden = [(span.start, span.end) for span in spans if span.kind != "route"]
    return [one.words for one in find_names(text, hidden, role)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("received 20,000 from Meera Joshi by upi", "Meera Joshi"),
        ("rcvd 20k frm meera joshi hdfc", "meera joshi"),
        ("meera joshi ne 20000 diye", "meera joshi"),
        ("Please cancel Farooq's booking", "Farooq's"),
        ("we paid Blue Star Tours 42,000", "Blue Star Tours"),
        ("Invoice Vikas 45,000 for Dubai visa", "Vikas"),
        ("Mr and Mrs Nair want a Bali package", "Mr and Mrs Nair"),
        ("new lead: Dr. Bhatt, Goa to Delhi", "Dr. Bhatt"),
        ("bill from Bali DMC, BD-55", "Bali DMC"),
        ("summarise Ravi Menon's enquiry", "Ravi Menon's"),
        ("Harish won't be travelling", "Harish"),
        ("सुनीता वर्मा ने 20000 दिए", "सुनीता वर्मा"),
    ],
)
def test_names_are_found_in_texts(text: str, name: str) -> None:
    assert names(text)[:1] == [name]


@pytest.mark.parametrize(
    "text",
    [
        "show the trial balance as on 31 March",
        "ticket K7PQ2M before the time limit",
        "hotel in Dubai for 2 adults",
        "customer ko itinerary bhej do",
        "the customer is untraceable, write it off",
        "Kindly Confirm The Booking",
        "बाकी बिल दिखाओ",
        "billed to 12 Park Street",
    ],
)
def test_other_words_are_not_read_as_names(text: str) -> None:
    assert names(text) == []


def test_a_hotel_is_read_as_supplier_and_not_as_guest() -> None:
    text = "book Sea Breeze Resort for Meera Joshi"
    assert names(text, "supplier")[0] == "Sea Breeze Resort"
    assert names(text, "traveller")[0] == "Meera Joshi"


def test_many_titles_in_a_row_take_little_time() -> None:
    assert find_runs("Mr " * 1_300) == []
    assert cpu_seconds(lambda: find_runs("Mr " * 1_300)) < 0.3
