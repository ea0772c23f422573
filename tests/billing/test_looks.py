"""Previews of journal lines on forms equal the postings.

If the form would be refused, they show the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from tests.billing.papers import DUE, advance, issued, line, receive
from tests.billing.test_exchange import booked, bought
from tests.billing.test_forms import send
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.ledger.test_months import close
from tests.people import People, Person
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts

Drain = Callable[[], None]
DAY = "26 Jun 2024"
POSTINGS = ".//section[@id='postings']"


@dataclass(frozen=True)
class Step:
    """A form that posts an amount of 45,000: its address and its other fields."""

    address: Callable[[Person], str]
    typed: dict[str, Any]

    def fields(self, amount: str) -> dict[str, Any]:
        return self.typed | {"amount": amount}


STEPS = {
    "receipt": Step(
        lambda person: f"/invoices/{issued(person)}/receipt", {"paid_on": DAY, "account": "cash"}
    ),
    "refund": Step(
        lambda person: f"/payments/{advance(person, 4_500_000)}/refund",
        {"refunded_on": DAY, "account": "cash"},
    ),
    "refund-out": Step(
        lambda person: f"/payments/{advance(person, 4_500_000, direction='out')}/refund",
        {"refunded_on": DAY, "account": "bank"},
    ),
    "credit": Step(
        lambda person: f"/invoices/{issued(person)}/credit", {"reason": "Late", "issue_date": DAY}
    ),
    "supplier-credit": Step(
        lambda person: f"/bills/{receive(person)}/credit",
        {"vendor_reference": "C-1", "reason": "Late", "issue_date": DAY},
    ),
    "write-off": Step(
        lambda person: f"/invoices/{issued(person)}/write-off",
        {"reason": "Gone", "written_off_on": DAY},
    ),
}


def shown(page: Page) -> dict[tuple[str, str], int]:
    """Return the balances on the page, in minor units; credit is negative.

    The key is account and currency.
    """
    come_to: dict[tuple[str, str], int] = {}
    for row in page.all(f"{POSTINGS}//tbody/tr"):
        account, *sides = [" ".join(cell.itertext()).split() for cell in row.findall("td")]
        ((currency, amount, sign),) = [
            (*cell, sign) for cell, sign in zip(sides, (1, -1), strict=True) if cell
        ]
        key = account[0], currency
        come_to[key] = (
            come_to.get(key, 0) + sign * Money.parse(amount.replace(",", ""), currency).amount_minor
        )
    return come_to


def stood(person: Person) -> dict[tuple[str, str], int]:
    """Return the balances in the books, in the same form."""
    with person.reading() as reader:
        code_of = {
            account["purpose"]: account["code"]
            for account in accounts.read_chart(reader)
            if account["purpose"]
        }
    return {
        (code_of[purpose], currency): minor
        for (purpose, currency), minor in balances(person).items()
        if minor
    }


def moved(
    before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    return {
        key: minor for key in before | after if (minor := after.get(key, 0) - before.get(key, 0))
    }


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_the_preview_equals_the_posting(
    alice: Person, people: People, drain: Drain, step: Step
) -> None:
    leila = people.colleague(alice, "Leila Lead", role="accounting_lead")
    path = step.address(alice)
    before = stood(alice)
    opened = Page(alice.tab.get(path))
    assert set(map(abs, shown(opened).values())) == {4_500_000}, "it begins with all that is open"
    assert "Preview journal lines" in opened.words(".//form//button"), "and goes without a script"
    (live,) = [one for one in opened.all(".//*[@hx-post]") if one.get("hx-select") == "#postings"]
    form = opened.one(f".//form[@action='{path}']").get("id")
    assert (live.get("hx-post"), live.get("hx-include"), live.get("hx-trigger")) == (
        path,
        f"#{form}",
        f"input from:#{form} delay:400ms, change from:#{form} delay:200ms",
    )
    looked = Page(send(alice, path, **step.fields("1,000.50"), then="look"))
    expected = shown(looked)
    assert (looked.status, set(map(abs, expected.values()))) == (200, {100_050})
    assert looked.field("amount") == "1,000.50", "what is typed stays"
    assert stood(alice) == before, "a look posts nothing"
    assert send(alice, path, **step.fields("1,000.50")).status_code == 303
    for asked in leila.api.get("/approvals?state=pending").json["items"]:
        leila.api.post(f"/approvals/{asked['id']}/resolve", json={"granted": True})
        drain()
    assert moved(before, stood(alice)) == expected


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_the_preview_shows_the_sentence_of_the_refusal(alice: Person, step: Step) -> None:
    path = step.address(alice)
    cases = [
        ("45,000.01", "more than"),
        ("a lot", "Enter an amount such as"),
        ("1.005", "more decimals than the currency allows"),
        ("-5", "can’t be negative"),
    ]
    for amount, sentence in cases:
        looked = Page(send(alice, path, **step.fields(amount), then="look"))
        assert (looked.status, shown(looked)) == (200, {}), amount
        assert sentence in looked.words(POSTINGS), amount
        sent = Page(send(alice, path, **step.fields(amount)))
        assert (sent.status, looked.words(f"{POSTINGS}/p") in sent.words(".//form")) == (
            422,
            True,
        ), amount


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_date_that_is_not_allowed_is_reported(alice: Person, step: Step) -> None:
    path = step.address(alice)
    (day,) = [name for name in step.typed if name.endswith(("_on", "_date"))]
    early = Page(send(alice, path, **step.fields("1") | {day: "1 Jan 2020"}, then="look"))
    assert "This date is too early" in early.words(POSTINGS)
    close(alice, date(2024, 6, 1))
    closed = Page(send(alice, path, **step.fields("1"), then="look"))
    assert "This month is closed." in closed.words(POSTINGS)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_an_emptied_amount_is_no_error_in_the_preview(alice: Person, step: Step) -> None:
    looked = Page(send(alice, step.address(alice), **step.fields(" "), then="look"))
    assert (
        looked.status,
        looked.one(".//*[@id='postings']").tag,
        looked.words(".//*[@id='postings']"),
    ) == (200, "div", "")


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_the_reason_may_still_be_blank_in_the_preview(alice: Person, step: Step) -> None:
    path = step.address(alice)
    typed = {
        name: "" if name in ("reason", "vendor_reference") else value
        for name, value in step.fields("12").items()
    }
    assert set(map(abs, shown(Page(send(alice, path, **typed, then="look"))).values())) == {1_200}


def test_the_tax_of_a_credit_follows_the_entered_amounts(alice: Person) -> None:
    assert (
        alice.api.patch("/tenant-settings", json={"tax_number": "27AACCN6194P1ZP"}).status_code
        == 200
    )
    taxed = line("1190", quantity=1) | {"tax": "service_fee"}
    path = f"/invoices/{issued(alice, taxed, place_of_supply='27')}/credit"
    before = stood(alice)
    typed = {"reason": "Late", "issue_date": DAY, "amount": ["100.02"]}
    expected = shown(Page(send(alice, path, **typed, then="look")))
    assert sorted(expected.values()) == [-11_802, 900, 900, 10_002]
    assert send(alice, path, **typed).status_code == 303
    assert moved(before, stood(alice)) == expected


# Drafts and allocations
# --------------------------------------------------------------------------------

HERE = "27AACCN6194P1ZP"
DRAFTS = {
    "/invoices": ({"customer_name": "Deepa Krishnan"}, "issue"),
    "/bills": ({"vendor_name": "BSP India", "vendor_reference": "BSP-1"}, "receive"),
}
LINE = {
    "issue_date": "10 Jun 2024",
    "due_date": "25 Jun 2024",
    "currency": "INR",
    "description": "Visa",
    "quantity": "2",
    "unit_price": "1,000.25",
}
PRINTED = {"tax_cgst": "100", "tax_sgst": "100"}


@pytest.fixture
def agency(alice: Person) -> Person:
    """An agency that charges the taxes of Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


@pytest.mark.parametrize("kind", DRAFTS)
def test_the_preview_of_a_draft_equals_its_posting(agency: Person, kind: str) -> None:
    values, step = DRAFTS[kind]
    typed = (
        values
        | LINE
        | (
            {"tax": "service_fee", "place_of_supply": "27"}
            if kind == "/invoices"
            else PRINTED | {"input_credit": "yes"}
        )
    )
    expected = shown(Page(send(agency, f"{kind}/new", **typed, then="look")))
    assert (len(expected), sum(expected.values())) == (4, 0)
    path = send(agency, f"{kind}/new", **typed).location
    assert shown(Page(agency.tab.get(f"{path}/edit"))) == expected
    assert stood(agency) == {}
    assert send(agency, f"{path}/{step}").status_code == 303
    assert stood(agency) == expected


REFUSALS: list[tuple[dict[str, str], str]] = [
    ({"currency": "JPY", "unit_price": "1000.5"}, "more decimals than the currency allows"),
    ({"currency": "KWD", "unit_price": "1.2345"}, "more decimals than the currency allows"),
    ({"unit_price": "10.005"}, "more decimals than the currency allows"),
    ({"unit_price": "a lot"}, "Enter an amount such as"),
    ({"unit_price": "0", "tax_cgst": "", "tax_sgst": ""}, "must be above zero"),
    ({"quantity": "two"}, "Enter a quantity above 0"),
    ({"due_date": "9 Jun 2024"}, "The due date can’t be before"),
    ({"due_date": "some day"}, "Enter a date such as"),
    ({"currency": "USD"}, "only in the currency of the agency’s country"),
    ({"currency": "USD", "rate": "0", "rate_source": "State Bank"}, "rate"),
]


@pytest.mark.parametrize("kind", DRAFTS)
def test_the_preview_of_an_invalid_draft_shows_the_refusal(agency: Person, kind: str) -> None:
    taxes = {"tax": "service_fee", "place_of_supply": "27"} if kind == "/invoices" else PRINTED
    for changes, sentence in REFUSALS:
        typed = DRAFTS[kind][0] | LINE | taxes | changes
        looked = Page(send(agency, f"{kind}/new", **typed, then="look"))
        why = looked.words(f"{POSTINGS}/p")
        assert (looked.status, looked.all(f"{POSTINGS}//table")) == (200, []), changes
        assert sentence in why, changes
        sent = Page(send(agency, f"{kind}/new", **typed))
        shown_at = (f".//*[@class='{place}']" for place in ("v-err", "v-note v-note-red"))
        assert (sent.status, why in " ".join(map(sent.words, shown_at))) == (422, True), changes


@pytest.mark.parametrize("kind", DRAFTS)
@pytest.mark.parametrize("blank", [{"unit_price": ""}, {"issue_date": ""}])
def test_missing_input_shows_no_error_in_the_preview(
    agency: Person, kind: str, blank: dict[str, str]
) -> None:
    looked = Page(
        send(agency, f"{kind}/new", **DRAFTS[kind][0], **LINE | blank, then="look")
    ).words(POSTINGS)
    assert ("Account" in looked, "–" in looked, "INR" in looked) == (True, True, False)


@pytest.mark.parametrize("kind", DRAFTS)
def test_the_preview_works_without_party_and_purpose(agency: Person, kind: str) -> None:
    blank = (
        dict.fromkeys(DRAFTS[kind][0], "")
        | LINE
        | {
            "description": "",
            "currency": "USD",
            "rate": "83",
            "rate_source": "",
        }
    )
    assert set(
        map(abs, shown(Page(send(agency, f"{kind}/new", **blank, then="look"))).values())
    ) == {200_050}


@pytest.mark.parametrize(
    ("part", "settled", "sentence"),
    [
        ("9,000", "60", "more than the amount due"),
        ("4,000", "", ""),
        ("90,001", "50", "more than"),
        ("4,000", "10", "less than half or more than twice"),
    ],
)
def test_an_impossible_exchange_has_no_preview(
    alice: Person, part: str, settled: str, sentence: str
) -> None:
    document_id = booked(alice, "50.05")
    given = {
        "document_id": [str(document_id)],
        "part": [part],
        f"settled_{document_id}": settled,
        "then": "look",
    }
    noting = {
        "direction": "in",
        "party_name": "Deepa Krishnan",
        "amount": "90,000",
        "currency": "INR",
        "paid_on": DAY,
        "account": "bank",
    }
    payment_id = advance(alice, 9_000_000)
    for path, typed in (
        ("/payments/new", noting),
        (f"/payments/{payment_id}/allocate", {"effective_on": DAY}),
    ):
        looked = Page(send(alice, path, **typed, **given))
        assert (looked.status, shown(looked)) == (200, {})
        assert sentence in looked.words(POSTINGS)
        assert bool(looked.words(POSTINGS)) == bool(sentence)


@pytest.mark.parametrize("exchanged", [False, True])
@pytest.mark.parametrize("direction", ["in", "out"])
def test_the_preview_of_a_deallocation_shows_its_postings(
    alice: Person, direction: str, exchanged: bool
) -> None:
    make = (
        (booked if direction == "in" else bought)
        if exchanged
        else (issued if direction == "in" else receive)
    )
    document_id = make(alice)
    whole = Money(4_500_000, "INR")
    part = (
        Part(document_id, whole, settled=Money(50_000, "USD"))
        if exchanged
        else Part(document_id, whole)
    )
    name = "Deepa Krishnan" if direction == "in" or exchanged else "BSP India"
    payment_id = advance(alice, 4_500_000, DUE, part, direction=direction, party_name=name)
    before = stood(alice)
    (link,) = [
        link
        for link in Page(alice.tab.get(f"/payments/{payment_id}")).links()
        if link.endswith("/unallocate")
    ]
    expected = shown(Page(alice.tab.get(link)))
    assert expected
    assert stood(alice) == before
    assert send(alice, link, effective_on=DAY).status_code == 303
    assert moved(before, stood(alice)) == expected
