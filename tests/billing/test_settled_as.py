"""A document that is settled says by what: money, credit notes, or both."""

from __future__ import annotations

from collections.abc import Callable
from csv import DictReader
from uuid import UUID

import pytest

from tests.billing.papers import DUE, issued, line, pay, receive, write_off
from tests.billing.test_credits import credit
from tests.billing.test_supplier_credits import credit as credit_of_supplier
from tests.enquiries.reading import Page
from tests.paper_text import text_of
from tests.people import Person
from voyagent.billing.core.rules import settled_as
from voyagent.billing.invoices.capabilities import find_invoices
from voyagent.billing.payments.service import payments as payment_service
from voyagent.capabilities import execution
from voyagent.capabilities.capability import Invocation
from voyagent.kernel.money import Money

TOTAL, PART = 10_000, 4_000


@pytest.mark.parametrize(
    ("paid", "credited", "written_off", "settled"),
    [
        (8_115_600, 0, 0, "paid"),
        (0, 8_115_600, 0, "credited"),
        (8_000_000, 115_600, 0, "settled"),
        (8_000_000, 0, 115_600, "settled"),
        (0, 0, 8_115_600, "settled"),
        (8_115_600, 7_129_056, 0, "paid_part_credited"),
    ],
)
def test_each_way_of_settling_has_its_name(
    paid: int, credited: int, written_off: int, settled: str
) -> None:
    assert (
        settled_as(
            total_minor=8_115_600,
            paid_minor=paid,
            credited_minor=credited,
            written_off_minor=written_off,
        )
        == settled
    )


def paid(person: Person) -> UUID:
    invoice_id = issued(person, line("100", quantity=1))
    pay(person, invoice_id, TOTAL)
    return invoice_id


def credited(person: Person) -> UUID:
    invoice_id = issued(person, line("100", quantity=1))
    credit(person, invoice_id)
    return invoice_id


def both(person: Person) -> UUID:
    invoice_id = issued(person, line("100", quantity=1))
    pay(person, invoice_id, TOTAL - PART)
    credit(person, invoice_id, line_1=PART)
    return invoice_id


def written_off(person: Person) -> UUID:
    invoice_id = issued(person, line("100", quantity=1))
    pay(person, invoice_id, TOTAL - PART)
    write_off(person, invoice_id)
    return invoice_id


WAYS = [
    (paid, "paid", "Paid", "Paid in full", ("100.00", "0.00", "0.00")),
    (credited, "credited", "Credited", "Credited in full", ("0.00", "100.00", "0.00")),
    (both, "settled", "Settled", "Settled", ("60.00", "40.00", "0.00")),
    (written_off, "settled", "Settled", "Settled", ("60.00", "0.00", "40.00")),
]


@pytest.mark.parametrize(("make", "code", "word", "sentence", "amounts"), WAYS)
def test_an_invoice_says_it_everywhere(
    alice: Person,
    make: Callable[[Person], UUID],
    code: str,
    word: str,
    sentence: str,
    amounts: tuple[str, str, str],
) -> None:
    invoice_id = make(alice)
    path = f"/invoices/{invoice_id}"
    settled_by = dict(zip(("paid", "credited", "written_off"), amounts, strict=True))
    answered = alice.api.get(path).json
    assert answered["settled_by"] == settled_by  # type: ignore[index]
    assert (answered["status"], answered["settled_as"]) == ("paid", code)  # type: ignore[index]
    assert alice.api.get("/invoices").json["items"][0]["settled_by"] == settled_by  # type: ignore[index]

    page = Page(alice.tab.get(path))
    assert page.words(f".//h1/..//*[@data-st='{code}']") == word
    assert f"{sentence}." in page.words(".//*[@id='about']")
    assert sentence in page.words(".//*[@id='sums']")
    listed = Page(alice.tab.get("/invoices?status=paid"))
    assert word in listed.words(f".//*[@id='invoice-{invoice_id}']")
    assert sentence in text_of(alice.tab.get(f"{path}/invoice.pdf?copy=settlement").data)

    (exported,) = DictReader(alice.tab.get("/invoices?format=csv").text.splitlines())
    assert (exported["status"], exported["settled_as"]) == ("paid", code)
    with alice.acting() as actor:
        output = execution.execute(
            find_invoices.CAPABILITY,
            Invocation(actor),
            find_invoices.FindInvoicesInput(customer_name="Deepa"),
        )
        assert isinstance(output, dict)
        assert find_invoices.answer({}, output).endswith(f", {word.lower()}")


def test_an_open_invoice_is_not_settled(alice: Person) -> None:
    invoice_id = issued(alice, line("100", quantity=1))
    pay(alice, invoice_id, PART)
    credit(alice, invoice_id, line_1=1_000)
    page = Page(alice.tab.get(f"/invoices/{invoice_id}"))
    assert page.words(".//h1/..//*[@data-st]") == "Overdue"
    assert alice.api.get(f"/invoices/{invoice_id}").json["settled_by"] == {  # type: ignore[index]
        "paid": "40.00",
        "credited": "10.00",
        "written_off": "0.00",
    }
    (exported,) = DictReader(alice.tab.get("/invoices?format=csv").text.splitlines())
    assert exported["settled_as"] == ""


@pytest.mark.parametrize(
    ("paid_minor", "code", "sentence"),
    [(TOTAL, "paid", "Paid in full"), (PART, "settled", "Settled"), (0, "credited", "Credited")],
)
def test_a_bill_says_it_too(alice: Person, paid_minor: int, code: str, sentence: str) -> None:
    bill_id = receive(alice, line("100", quantity=1))
    if paid_minor:
        alice.does(payment_service.pay_bill, bill_id, Money(paid_minor, "INR"), DUE)
    if paid_minor < TOTAL:
        credit_of_supplier(alice, bill_id, line_1=TOTAL - paid_minor)
    page = Page(alice.tab.get(f"/bills/{bill_id}"))
    assert len(page.all(f".//*[@data-st='{code}']")) == 1
    assert sentence in page.words(".//*[@id='about']")
    answered = alice.api.get(f"/bills/{bill_id}").json
    assert answered["settled_by"] == {  # type: ignore[index]
        "paid": Money(paid_minor, "INR").wire,
        "credited": Money(TOTAL - paid_minor, "INR").wire,
        "written_off": "0.00",
    }
    (exported,) = DictReader(alice.tab.get("/bills?format=csv").text.splitlines())
    assert exported["settled_as"] == code
