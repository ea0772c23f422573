"""The values of a text: amounts, telephone numbers, names, and their priority."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.kernel.text.date_rules import TODAY
from voyagent.kernel.text.amounts import find_figures, find_unread_figures, read_amount
from voyagent.kernel.text.people import as_name
from voyagent.kernel.text.phones import find_phones
from voyagent.kernel.text.reading import Reading, read

NAMES = ["Zachariah Kurian", "Deepa Krishnan", "April Roy", "Dubai Holidays"]


def reading(text: str, **given: Any) -> Reading:
    return read(text, today=TODAY, **given)


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [
        ("1.2 lakh", "120000", None),
        ("2.5 lakh", "250000", None),
        ("60k", "60000", None),
        ("rs.12500/-", "12500", "INR"),
        ("₹45,000", "45000", "INR"),
        ("AED 48,000", "48000", "AED"),
        ("2k usd", "2000", "USD"),
        ("1,00,000.50", "100000.50", None),
        ("\u0967,\u0966\u0966\u0966", "1000", None),
        ("-3k", "-3000", None),
        ("saade teen lakh", "350000", None),
        ("saadhe 4 hazaar rupees", "4500", "INR"),
        ("paune do lakh", "175000", None),
        ("पौने दो लाख", "175000", None),
        ("sava do lakh", "225000", None),
        ("sava lakh", "125000", None),
        ("dedh lakh", "150000", None),
        ("dhai hazaar", "2500", None),
        ("twenty five thousand", "25000", None),
        ("two hundred and fifty thousand", "250000", None),
        ("do sau pachas", "250", None),
        ("1 lakh 20 thousand", "120000", None),
    ],
)
def test_a_single_amount_is_read(written: str, amount: str, currency: str | None) -> None:
    found = read_amount(written)
    assert found
    assert (found.plain, found.currency) == (amount, currency)


@pytest.mark.parametrize(
    "written",
    [
        "20,000 per head",
        "20k pp",
        "500 each",
        "10-20k",
        "between 1 and 2 lakh",
        "45,000 plus GST",
        "12,34",
        "1,0000",
        "12.500,00",
        "1.25.000",
        "1e5",
        "2½ lakh",
        "2 1/2 lakh",
        "45 000",
        "45kk",
        "1 lakh 20000",
        "two fifty thousand",
        "ek lakh bees",
        "2 adults",
        "1200 nights",
        "a lot",
        "about 2 lakh",
        "5k and 6k",
    ],
)
def test_other_words_are_not_read_as_amount(written: str) -> None:
    assert read_amount(written) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("received 12.500,00 from Anil Nair", "12.500,00"),
        ("Anil Nair paid Rs 1.25.000 by neft", "Rs 1.25.000"),
        ("got 1e5 from Anil Nair today", "1e5"),
        ("record 45 000 from Anil Nair", "45 000"),
        ("budget 2½ lakh for Bali", "2½ lakh"),
        ("Anil Nair ne ek lakh bees diye", "ek lakh bees"),
        ("bill EUR 1.200,50 of the hotel", "EUR 1.200,50"),
    ],
)
def test_no_part_of_an_unread_number_is_an_amount(text: str, words: str) -> None:
    found = reading(text)
    assert found.of("amount") == []
    assert [(one.kind, one.reason, one.words) for one in found.unclear] == [
        ("amount", "unread", words)
    ]


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("ages 8,10 and 24,25 Dec, floors 10,12,14", []),
        ("paanch hazaar do", ["5000"]),
        ("do lakh teen log ke liye", ["200000"]),
        ("hotel 50k 20k visa", ["50000", "20000"]),
        ("Anil Das 5 lakh", ["500000"]),
    ],
)
def test_words_next_to_an_amount_do_not_change_it(text: str, amounts: list[str]) -> None:
    assert [figure.plain for figure in find_figures(text)] == amounts
    assert find_unread_figures(text) == []


def test_a_number_before_a_counted_noun_is_not_an_amount() -> None:
    text = "2 adults, pax: 4, 1200 nights, 15 rooms, 3 % at 45,000"
    assert [figure.plain for figure in find_figures(text)] == ["45000"]


def test_prices_per_person_and_ranges_are_not_totals() -> None:
    found = reading("budget 20k per head or 1-2 lakh, paid 500")
    assert [span.value.plain for span in found.of("rate")] == ["20000"]
    assert [span.value.plain for span in found.of("amount")] == ["500"]
    assert {one.reason for one in found.unclear} == {"range"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("call 98470 12345", "+91 98470 12345"),
        ("Dubai visa for 2, call 98470 12345", "+91 98470 12345"),
        ("we fly from Kochi, 98470 12345", "+91 98470 12345"),
        ("riya@example.in 98470 12345", "+91 98470 12345"),
        ("we live in London, +91 98470 12345", "+91 98470 12345"),
        ("we live in London, 91 98470 12345", "+91 98470 12345"),
        ("we live in London, 98470 12345", None),
        ("fly from London to Kochi, 98470 12345", None),
        ("riya@example.co.uk 98470 12345", None),
        ("Country: UK\nName: Riya\nPhone: 98470 12345", None),
        ("Address: Flat 2, Green Park (QQQ)\nPhone: 98470 12345", "+91 98470 12345"),
        ("[30/11/26, 10:42 am] +44 7911 123456: my other one is 98470 12345", None),
        ("London trip, reach me on 07911 123456", None),
    ],
)
def test_a_national_phone_number_is_of_the_agencys_country(text: str, number: str | None) -> None:
    assert find_phones(text, "IN")[-1].number == number


def test_a_phone_number_without_a_country_is_ambiguous() -> None:
    found = reading("I live in London, 98470 12345")
    assert found.of("phone") == found.of("amount") == []
    assert [(one.kind, one.reason, one.words) for one in found.unclear] == [
        ("phone", "country", "98470 12345")
    ]
    assert found.unclear[0].offers == ("+91 98470 12345", "+44 984 701 2345")


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("received 45,000 from zachariah kurian", "Zachariah Kurian", "zachariah kurian"),
        ("zakariah kurian has paid", "Zachariah Kurian", "zakariah kurian"),
        ("mr kurian has paid", "Zachariah Kurian", "kurian"),
        ("April Roy paid 5k", "April Roy", "April Roy"),
        ("invoice to Dubai Holidays", "Dubai Holidays", "Dubai Holidays"),
    ],
)
def test_a_known_name_has_priority(text: str, name: str, words: str) -> None:
    found = reading(text, names=NAMES)
    (span,) = found.of("name")
    assert (span.value, found.words(span)) == (name, words)


def test_a_month_is_not_part_of_a_known_name() -> None:
    found = reading("paid on 5 April", names=NAMES, prefer="book")
    assert found.of("name") == []
    assert [span.value for span in found.of("date")] == [date(2026, 4, 5)]


@pytest.mark.parametrize(
    "words", ["Dubai", "visa", "Dubai visa", "hotel", "the invoice", "Credit Note"]
)
def test_places_and_nouns_of_capabilities_are_not_names(words: str) -> None:
    assert as_name(words.removeprefix("the ")) is None


@pytest.mark.parametrize("words", ["Creek Side Hotel", "Kerala Tours", "Deepa Krishnan"])
def test_a_company_name_may_contain_a_noun_of_a_capability(words: str) -> None:
    assert as_name(words) == words


def test_each_value_is_found_once_by_priority() -> None:
    text = (
        "[30/11/26, 10:42 am] Riya: Mumbai to Dubai 19-25 Dec, 2 adults 1 kid, 98470 12345,"
        " riya@example.com, 1.2 lakh against 2026-27/000042"
    )
    found = reading(text)
    assert [span.kind for span in found.spans] == [
        "route", "date", "date", "people", "people", "phone", "email", "amount", "number",
    ]  # fmt: skip
    assert found.of("people")[0].value == {"adult": 2, "child": 1}
    assert found.of("route")[0].value == ("Mumbai", "Dubai")
    assert found.of("number")[0].value == "2026-27/000042"
    assert found.unclear == ()


def test_the_masked_text_replaces_values_by_their_kind() -> None:
    text = "[30/11/26, 10:42 am] Received ₹45,000 from Zachariah Kurian kal, #42"
    found = reading(text, names=NAMES, prefer="book")
    assert found.masked == "received <amount> from <name> <date> , <number>"
    assert [span.value for span in found.of("date")] == [date(2026, 11, 28)]
    assert reading("Flights in December for 5-6 lakh").masked == (
        "flights <date> for <amount> - <amount>"
    )


def test_a_second_meaning_is_offered() -> None:
    (span,) = read("next Friday", today=date(2026, 11, 24)).of("date")
    assert (span.value, span.offers) == (date(2026, 12, 4), (date(2026, 11, 27),))
