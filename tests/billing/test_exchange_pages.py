"""The payment page settles documents in another currency."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.papers import advance, issued, left_of, line
from tests.billing.test_exchange import allocations, balances, booked, bought, proved
from tests.billing.test_forms import send
from tests.billing.test_payments_views import TYPED, payments_of
from tests.enquiries.reading import Page
from tests.people import People, Person
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts
from voyagent.ledger.service import months
from voyagent.settings.service import tenant_settings as settings

HERE = "/payments/new"


def typed(
    document_id: Any, part: str = "84,000", settled: str = "1,000", **changes: Any
) -> dict[str, Any]:
    return (
        TYPED
        | {
            "amount": "85,000",
            "document_id": [str(document_id)],
            "part": [part],
            f"settled_{document_id}": settled,
        }
        | changes
    )


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_payment_in_another_currency_posts_what_the_page_showed(
    alice: Person, owner_engine: sa.Engine, direction: str
) -> None:
    document_id = booked(alice) if direction == "in" else bought(alice)
    asked = typed(document_id, direction=direction)
    looked = send(alice, HERE, **asked, then="look").get_data(as_text=True)
    shown = re.search(r'id="postings".*?</section>', looked, re.DOTALL)
    assert shown
    lines = re.findall(r"v-lite\">(\d+)</span>.*?</tr>", shown[0], re.DOTALL)
    with alice.reading() as reader:
        code_of = {
            account["purpose"]: account["code"]
            for account in accounts.read_chart(reader)
            if account["purpose"]
        }
    control, advances = (
        ("receivable", "customer_advances")
        if direction == "in"
        else ("payable", "supplier_advances")
    )
    purposes = {"bank", advances, "currency_exchange", "exchange_differences", control}
    assert set(lines) == {code_of[purpose] for purpose in purposes}
    assert "83,000.00" in shown[0]
    assert payments_of(alice) == [], "nothing is made"
    answer = send(alice, HERE, **asked)
    (payment,) = payments_of(alice)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/payments/{payment['id']}")
    assert left_of(alice, payment["id"]) == (8_400_000, 0, 100_000)
    sign = 1 if direction == "in" else -1
    assert balances(alice, owner_engine) == {
        ("bank", "INR"): sign * 8_500_000,
        ("customer_advances" if direction == "in" else "supplier_advances", "INR"): -sign * 100_000,
        ("currency_exchange", "INR"): -sign * 8_300_000,
        ("currency_exchange", "USD"): sign * 100_000,
        ("exchange_differences", "INR"): -sign * 100_000,
    }
    proved(alice)
    again = send(alice, HERE, **asked)
    assert again.status_code == 422, "sent twice it settles once"
    assert len(payments_of(alice)) == 1


def test_a_document_is_settled_by_the_rate_of_the_day(
    alice: Person, owner_engine: sa.Engine
) -> None:
    document_id = booked(alice)
    rate = {f"rate_{document_id}": "84", "rate_source": "State Bank"}
    assert send(alice, HERE, **typed(document_id, "42,000", ""), **rate).status_code == 303
    (row,) = allocations(owner_engine, alice)
    assert (row["amount_minor"], row["settled_minor"], row["rate_on"]) == (
        4_200_000,
        50_000,
        date(2024, 6, 25),
    )
    proved(alice)


def test_foreign_money_settles_a_document_of_the_books(
    alice: Person, owner_engine: sa.Engine
) -> None:
    mine = issued(alice)
    assert (
        send(
            alice, HERE, **typed(mine, "540.00", "45,000", amount="540", currency="USD")
        ).status_code
        == 303
    )
    assert balances(alice, owner_engine)["currency_exchange", "INR"] == 4_500_000
    proved(alice)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"settled": ""}, "Enter the amount settled in the document’s currency"),
        ({"settled": "1000.01"}, "more than"),
        ({"settled": "499.99"}, "worth less than half or more than twice the amount paid"),
        ({"part": "400", "settled": "10"}, "worth less than half or more than twice"),
        (
            {"part": "400", "settled": "", "rate": "40", "rate_source": "State Bank"},
            "worth less than half or more than twice",
        ),
        ({"settled": "x"}, "Enter an amount such as"),
        ({"part": "85,000.01"}, "more than"),
        ({"settled": "", "rate": "84"}, "Enter the source of this rate."),
        (
            {"settled": "", "rate": "eighty", "rate_source": "State Bank"},
            "Enter a rate such as 83.25",
        ),
        (
            {"rate": "85", "rate_source": "State Bank"},
            "does not match the amount and the rate",
        ),
    ],
)
def test_invalid_amounts_are_reported_and_the_form_keeps_its_input(
    alice: Person, changes: dict[str, str], expected: str
) -> None:
    document_id = booked(alice)
    asked = typed(
        document_id, **{name: changes.pop(name) for name in ("part", "settled") if name in changes}
    )
    rate = (
        {f"rate_{document_id}": changes["rate"], "rate_source": changes.get("rate_source", "")}
        if "rate" in changes
        else {}
    )
    page = Page(answer := send(alice, HERE, **asked, **rate))
    assert page.status == 422
    assert expected in " ".join(answer.get_data(as_text=True).split())
    assert page.one(f".//input[@name='settled_{document_id}']").get("value") == asked[
        f"settled_{document_id}"
    ].replace(",", "")
    assert payments_of(alice) == []


def test_a_closed_month_refuses_the_payment(alice: Person) -> None:
    document_id = booked(alice)
    alice.does(months.close_month, date(2024, 6, 1))
    page = Page(send(alice, HERE, **typed(document_id)))
    assert (page.status, payments_of(alice)) == (422, [])


def test_viewers_and_other_agencies_have_no_such_page(
    alice: Person, victor: Person, charlie: Person
) -> None:
    document_id = booked(alice)
    assert send(victor, HERE, **typed(document_id)).status_code == 403
    page = Page(send(charlie, HERE, **typed(document_id)))
    assert page.status == 422
    assert not page.all(f".//input[@name='settled_{document_id}']")
    assert (payments_of(alice), payments_of(charlie)) == ([], [])


def test_a_missing_rate_and_two_foreign_currencies_are_explained(alice: Person) -> None:
    bare, foreign = issued(alice, line("70.00", quantity=1, currency="USD")), booked(alice)
    page = Page(send(alice, HERE, **typed(foreign), then="documents"))
    assert not page.all(f".//input[@name='settled_{bare}']")
    assert "without an exchange rate" in page.words(".//fieldset[@id='foreign']")
    euros = Page(send(alice, HERE, **typed(foreign, currency="EUR"), then="documents"))
    assert not euros.all(f".//input[@name='settled_{foreign}']")
    assert "Neither this document nor the payment is in INR" in euros.words(
        ".//fieldset[@id='foreign']"
    )


def test_distributing_without_javascript_keeps_amounts_in_another_currency(alice: Person) -> None:
    mine, foreign = issued(alice), booked(alice)
    asked = typed(foreign, amount="90,000") | {
        "document_id": [str(mine), str(foreign)],
        "part": ["", "84,000"],
    }
    page = Page(send(alice, HERE, **asked, then="fill"))
    assert [field.get("value") for field in page.all(".//input[@name='part']")] == [
        "6,000.00",
        "84000",
    ]
    assert page.one(f".//input[@name='settled_{foreign}']").get("value") == "1000"


def test_a_receipt_of_a_foreign_invoice_says_where_to_record_other_currencies(
    alice: Person,
) -> None:
    foreign_id, own_id = booked(alice), issued(alice)
    for invoice_id, is_offered in ((foreign_id, True), (own_id, False)):
        page = Page(alice.tab.get(f"/invoices/{invoice_id}/receipt"))
        offered = [one for one in page.links() if one.startswith("/payments/new?party=Deepa")]
        assert [one.endswith("&direction=in") for one in offered] == [True] * is_offered
    assert left_of(alice, advance(alice, 100)) == (0, 0, 100)


def test_two_foreign_currencies_are_refused_with_a_clear_sentence(
    alice: Person,
) -> None:
    foreign = booked(alice)
    euros = {
        "direction": "in",
        "party_name": "Deepa Krishnan",
        "amount": "900.00",
        "currency": "EUR",
        "paid_on": "2024-06-25",
    }
    part = {
        "document_id": str(foreign),
        "amount": "900.00",
        "settled_amount": "1000.00",
        "settled_currency": "USD",
    }
    refused = alice.api.post("/payments", json=euros | {"allocations": [part]})
    assert (refused.status_code, refused.json["detail"]) == (400, "mixed_currency")
    words = "Neither the payment nor the document is in the agency’s currency."
    assert words in payment_errors.TwoForeignCurrencies.message
    page = Page(send(alice, HERE, **typed(foreign, "900", "1,000", amount="900", currency="EUR")))
    assert page.status == 422
    assert words in page.words(".//fieldset[@id='allocations']")
    with alice.acting() as actor, pytest.raises(payment_errors.PaidInOtherMoney) as raised:
        payment_service.record_receipt(actor, foreign, Money(8_400_000, "INR"))
    assert "under Payments, New payment" in raised.value.message
    assert payments_of(alice) == []


def test_the_allocation_page_refuses_a_settlement_far_from_the_rate_or_above_the_limit(
    people: People, alice: Person
) -> None:
    document_id, payment_id = booked(alice), advance(alice, 9_000_000)
    lead = people.colleague(alice, "Leila Lead", role="accounting_lead")
    limits = {"approval_limits": {"accounting_lead": {"amount": "1000.00", "currency": "INR"}}}
    alice.does(lambda actor: settings.update(actor, limits).tenant_id)
    given = {
        "effective_on": TYPED["paid_on"],
        "document_id": [str(document_id)],
        "part": ["1.00"],
        f"settled_{document_id}": "1,000",
    }
    here = f"/payments/{payment_id}/allocate"
    for person, sentence in (
        (alice, "worth less than half or more than twice the amount paid"),
        (lead, "This is above your approval limit."),
    ):
        page = Page(send(person, here, **given))
        assert page.status == 422
        assert sentence in page.words(".//fieldset[@id='allocations']")
        assert sentence in Page(send(person, here, **given, then="look")).words()
    recorded = Page(send(lead, HERE, **typed(document_id, "1.00", amount="1.00")))
    assert recorded.status == 422
    assert "This is above your approval limit." in recorded.words()
    assert left_of(alice, payment_id) == (0, 0, 9_000_000)
    assert len(payments_of(alice)) == 1
