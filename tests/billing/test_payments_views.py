"""Pages to record, allocate, reverse and refund payments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import DUE, advance, bill_seen, issued, left_of, line, pay, receive, seen
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import People, Person, csrf_token
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import reversals as payment_reversals, settling
from voyagent.billing.payments.service.settling import Part
from voyagent.kernel.money import Money
from voyagent.ledger.service import months

TYPED = {
    "direction": "in",
    "party_name": "Deepa Krishnan",
    "amount": "50,000",
    "currency": "INR",
    "paid_on": "25 Jun 2024",
    "account": "bank",
}


def payments_of(person: Person) -> list[dict[str, Any]]:
    with person.reading() as reader:
        return payment_queries.list_payments(reader, payment_queries.PaymentSearch()).items


def beside(page: Page) -> list[str]:
    """Return the values of the inputs beside the documents."""
    return [field.get("value") or "" for field in page.all(".//input[@name='part']")]


def test_settling_documents_works_without_javascript(alice: Person) -> None:
    late, early = (issued(alice, due_date=DUE + timedelta(days=days)) for days in (9, 1))
    issued(alice, customer_name="Somebody else")
    shown = Page(send(alice, "/payments/new", **TYPED, then="documents"))
    assert shown.status == 200
    assert [field.get("value") for field in shown.all(".//input[@name='document_id']")] == [
        str(early),
        str(late),
    ]
    assert beside(shown) == ["", ""]
    ids = [str(early), str(late)]
    filled = Page(
        send(alice, "/payments/new", **TYPED, document_id=ids, part=["", ""], then="fill")
    )
    assert beside(filled) == ["45,000.00", "5,000.00"]
    assert payments_of(alice) == [], "nothing is made"
    answer = send(alice, "/payments/new", **TYPED, document_id=ids, part=["45,000.00", "1,000"])
    (payment,) = payments_of(alice)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/payments/{payment['id']}")
    assert left_of(alice, payment["id"]) == (4_600_000, 0, 400_000)
    assert seen(alice, early)["status"] == "paid"


def test_one_of_two_parallel_submissions_records_the_payment(people: People, alice: Person) -> None:
    ids = [str(issued(alice)), str(issued(alice, due_date=DUE + timedelta(days=1)))]
    form = {**TYPED, "amount": "90,000", "document_id": ids, "part": ["45,000", "45,000"]}
    browsers = [
        person.tab
        for person in (alice, alice, people.colleague(alice, "Rita Role", role="accounting_lead"))
    ]
    tokens = [csrf_token(browser) for browser in browsers]
    answers = at_once(
        [
            lambda b=b, t=t: b.post("/payments/new", data={**form, "csrf_token": t})
            for b, t in zip(browsers, tokens, strict=True)
        ]
    )
    (payment,) = payments_of(alice)
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    assert [answer.headers["Location"] for answer in answers if answer.status_code == 303] == [
        f"/payments/{payment['id']}"
    ]
    for answer in answers:
        if answer.status_code == 422:
            assert "Settles: This document has no amount due" in Page(answer).words(".//main")
    assert [seen(alice, UUID(document_id))["status"] for document_id in ids] == ["paid", "paid"]
    assert balances(alice)["bank", "INR"] == 9_000_000


def test_a_supplier_is_paid_on_the_same_page(alice: Person) -> None:
    bill_id = receive(alice)
    asked = TYPED | {"direction": "out", "party_name": "BSP India", "document_id": [str(bill_id)]}
    assert "BSP-1" in Page(
        send(alice, "/payments/new", **asked, part=[""], then="documents")
    ).words(".//fieldset[@id='allocations']")
    send(alice, "/payments/new", **asked, part=["45000"])
    assert payments_of(alice)[0]["number"] == "P/2024-25/000001"


@pytest.mark.parametrize(
    ("changes", "place", "expected"),
    [
        ({"party_name": " "}, "party_name", "Enter a name."),
        ({"amount": ""}, "amount", "Enter an amount such as"),
        ({"amount": "x"}, "amount", "Enter an amount such as"),
        ({"amount": "1.001"}, "amount", "more decimals than the currency allows"),
        ({"amount": "0"}, "amount", "must be above zero"),
        ({"amount": "-5"}, "amount", "can’t be negative"),
        ({"amount": "12.34567"}, "amount", "more decimals than the currency allows"),
        ({"amount": "999999999999999"}, "amount", "above the ledger’s limit"),
        ({"amount": "9,99,99,99,99,99,99,99,999"}, "amount", "above the ledger’s limit"),
        ({"part": ["-5"]}, "allocations", "can’t be negative"),
        ({"paid_on": "1 Jan 2100"}, "paid_on", "This date is in the future"),
        ({"paid_on": "5 May 2024"}, "paid_on", "month"),
        ({"part": ["45000.01"]}, "allocations", "more than the amount due"),
        ({"part": ["x"]}, "allocations", "Enter an amount such as"),
        ({"amount": "100", "part": ["101"]}, "allocations", "more than the unallocated part"),
        ({"party_name": "Somebody else", "part": ["1"]}, "allocations", "another party"),
        ({"document_id": ["nonsense"], "part": ["1"]}, "allocations", ""),
    ],
)
def test_an_invalid_form_shows_field_errors_and_records_nothing(
    alice: Person, changes: dict[str, Any], place: str, expected: str
) -> None:
    alice.does(months.close_month, date(2024, 5, 1))
    typed = TYPED | {"document_id": [str(issued(alice))], "part": [""]} | changes
    page = Page(send(alice, "/payments/new", **typed))
    assert page.status == 422
    assert page.error_at(place)
    assert expected in page.error_at(place)
    assert payments_of(alice) == []


@pytest.mark.parametrize("direction", ["out", "in"])
def test_the_form_for_a_document_starts_with_its_open_amount(alice: Person, direction: str) -> None:
    make = receive if direction == "out" else issued
    other, asked = (
        make(alice, line(currency="USD"), due_date=DUE + timedelta(days=days), **more)
        for days, more in _two(direction)
    )
    make(alice, **({"vendor_reference": "BSP-3"} if direction == "out" else {}))
    path = f"/payments/new?direction={direction}&document={asked}"
    page = Page(alice.tab.get(path))
    begun = {name: page.field(name) for name in ("direction", "party_name", "currency", "amount")}
    assert begun == {
        "direction": direction,
        "party_name": "BSP India" if direction == "out" else "Deepa Krishnan",
        "currency": "USD",
        "amount": "45,000.00",
    }
    assert [one.get("value") for one in page.all(".//input[@name='document_id']")][:2] == [
        str(other),
        str(asked),
    ], "the others stand beside it"
    assert beside(page)[:2] == ["", "45,000.00"]
    control = "2100 Trade payables" if direction == "out" else "1200 Trade receivables"
    assert control in page.words(".//section[@id='postings']")
    sent = send(
        alice,
        "/payments/new",
        **begun,
        paid_on="25 Jun 2024",
        account="bank",
        document_id=[str(other), str(asked)],
        part=beside(page)[:2],
    )
    assert sent.status_code == 303
    see = bill_seen if direction == "out" else seen
    assert [see(alice, one)["status"] for one in (other, asked)] == [
        "received" if direction == "out" else "issued",
        "paid",
    ]
    over = Page(alice.tab.get(path))
    assert (over.status, over.field("amount")) == (
        200,
        "",
    ), "of one that is paid it begins with nothing"


def _two(direction: str) -> list[tuple[int, dict[str, str]]]:
    return [
        (days, {"vendor_reference": f"BSP-{days}"} if direction == "out" else {}) for days in (1, 2)
    ]


def test_the_form_for_an_unknown_document_is_404(alice: Person, charlie: Person) -> None:
    theirs, mine = receive(charlie), receive(alice)
    assert alice.tab.get(f"/payments/new?direction=out&document={theirs}").status_code == 404
    assert alice.tab.get(f"/payments/new?direction=in&document={mine}").status_code == 404
    assert Page(alice.tab.get("/payments/new?direction=out&document=x")).field("amount") == ""


def test_a_payment_is_shown_as_a_receipt_with_its_unused_amount(alice: Person) -> None:
    invoice_id = issued(alice)
    payment_id = advance(alice, 5_000_000, DUE, Part(invoice_id, Money(4_500_000, "INR")))
    page = Page(alice.tab.get(f"/payments/{payment_id}"))
    sheet = page.words(".//article[@id='sheet']")
    for word in (
        "Receipt",
        "R/2024-25/000001",
        "Deepa Krishnan",
        "25 Jun 2024",
        "2024-25/000001",
        "45,000.00",
        "50,000.00",
        "Advance",
        "5,000.00",
    ):
        assert word in sheet
    assert {
        f"/payments/{payment_id}/allocate",
        f"/payments/{payment_id}/refund",
        f"/invoices/{invoice_id}",
    } <= set(page.links())
    assert f"/payments/{payment_id}" in Page(alice.tab.get(f"/invoices/{invoice_id}")).links()
    assert "2200 Advances from customers" in page.words(".//section[@id='books']")


def test_the_form_of_an_allocation_begins_with_a_distribution(alice: Person) -> None:
    payment_id, invoice_id = advance(alice, 1_000_000), issued(alice)
    page = Page(alice.tab.get(f"/payments/{payment_id}/allocate"))
    assert beside(page) == ["10,000.00"]
    path = f"/payments/{payment_id}/allocate"
    wrong = Page(
        send(alice, path, effective_on="9 Jun 2024", document_id=[str(invoice_id)], part=["1"])
    )
    assert (wrong.status, "This date is too early" in wrong.error_at("effective_on")) == (
        422,
        True,
    )
    nothing = Page(
        send(alice, path, effective_on="26 Jun 2024", document_id=[str(invoice_id)], part=[""])
    )
    assert (nothing.status, nothing.error_at("allocations") != "") == (422, True)
    assert (
        send(
            alice, path, effective_on="26 Jun 2024", document_id=[str(invoice_id)], part=["9,000"]
        ).status_code
        == 303
    )
    assert left_of(alice, payment_id) == (900_000, 0, 100_000)


def test_an_allocation_is_taken_back_after_confirmation(alice: Person) -> None:
    invoice_id = issued(alice)
    payment_id = pay(alice, invoice_id, 4_500_000)
    (link,) = [
        link
        for link in Page(alice.tab.get(f"/payments/{payment_id}")).links()
        if link.endswith("/unallocate")
    ]
    assert "45,000.00" in Page(alice.tab.get(link)).words(".//form[@id='unallocate-form']")
    assert seen(alice, invoice_id)["status"] == "paid", "looking changes nothing"
    early = Page(send(alice, link, effective_on="24 Jun 2024"))
    assert (early.status, "This date is too early" in early.error_at("effective_on")) == (
        422,
        True,
    )
    assert send(alice, link, effective_on="30 Jun 2024").status_code == 303
    assert seen(alice, invoice_id)["status"] == "issued"
    again = Page(send(alice, link, effective_on="30 Jun 2024"))
    assert (
        again.status,
        "already reversed" in again.words(".//form[@id='unallocate-form']"),
    ) == (422, True)
    assert "R/2024-25" not in Page(alice.tab.get(f"/invoices/{invoice_id}")).words(".//article")


def test_an_advance_is_refunded(alice: Person) -> None:
    payment_id = advance(alice, 1_000_000)
    assert Page(alice.tab.get(f"/payments/{payment_id}/refund")).field("amount") == "10,000.00"
    over = Page(
        send(
            alice,
            f"/payments/{payment_id}/refund",
            amount="10,001",
            refunded_on="26 Jun 2024",
            account="bank",
        )
    )
    assert (over.status, "more than the unallocated part" in over.error_at("amount")) == (422, True)
    assert (
        send(
            alice,
            f"/payments/{payment_id}/refund",
            amount="4,000",
            refunded_on="26 Jun 2024",
            account="cash",
        ).status_code
        == 303
    )
    assert left_of(alice, payment_id) == (0, 400_000, 600_000)
    assert "F/2024-25/000001" in Page(alice.tab.get(f"/payments/{payment_id}")).words(
        ".//aside[@id='about']"
    )


def test_the_forms_report_a_payment_reversed_meanwhile(alice: Person) -> None:
    payment_id, invoice_id = advance(alice, 100), issued(alice)
    alice.does(
        lambda actor: payment_reversals.reverse_payment(actor, payment_id, reason="Typed twice").id
    )
    typed = {
        "allocate": {"effective_on": "26 Jun 2024", "document_id": [str(invoice_id)], "part": ["1"]}
    }
    typed["refund"] = {"amount": "1", "refunded_on": "26 Jun 2024", "account": "bank"}
    for step, fields in typed.items():
        page = Page(send(alice, f"/payments/{payment_id}/{step}", **fields))
        assert (
            page.status,
            "is already reversed" in page.words(f".//form[@id='{step}-form']"),
        ) == (422, True)


def test_the_list_has_tabs_filters_and_an_empty_state(alice: Person) -> None:
    assert "No payments yet" in Page(alice.tab.get("/payments")).words()
    pay(alice, issued(alice), 100)
    advance(alice, 100, direction="out", party_name="BSP India")
    advance(alice, 100, date(2024, 7, 2), party_name="Al Noor")
    assert Page(alice.tab.get("/payments")).rows() == ["Al Noor", "BSP India", "Deepa Krishnan"]
    for query, rows in {
        "direction=out": ["BSP India"],
        "direction=in": ["Al Noor", "Deepa Krishnan"],
        "unapplied=1": ["Al Noor", "BSP India"],
        "from=1+Jul+2024": ["Al Noor"],
        "to=30/6/2024&direction=in": ["Deepa Krishnan"],
        "party=al+noor": ["Al Noor"],
    }.items():
        assert Page(alice.tab.get(f"/payments?{query}")).rows() == rows, query
    assert "No results" in Page(alice.tab.get("/payments?party=Nobody")).words()
    wrong = Page(alice.tab.get("/payments?from=x&cursor=nonsense"))
    assert (
        wrong.status,
        len(wrong.rows()),
        "is not valid (from, page marker)" in wrong.words(),
    ) == (422, 3, True)


def test_the_list_continues_after_its_last_row(alice: Person) -> None:
    made = [advance(alice, 1) for _ in range(52)]
    first = Page(alice.tab.get("/payments"))
    (older,) = [link for link in first.links() if "cursor=" in link]
    rest = Page(alice.tab.get(older))
    assert (len(first.rows()), len(rest.rows())) == (50, 2)
    assert {
        UUID(row.attrib["id"].removeprefix("payment-"))
        for page in (first, rest)
        for row in page.all(".//tbody/tr[@id]")
    } == set(made)


@pytest.mark.parametrize("role", ["ticketing_lead", "agent", "viewer"])
def test_the_forms_are_hidden_without_the_permission(
    people: People, alice: Person, role: str
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    invoice_id = issued(alice)
    payment_id = advance(alice, 200, DUE, settling.Part(invoice_id, Money(100, "INR")))
    links = [
        *Page(person.tab.get("/payments")).links(),
        *Page(person.tab.get(f"/payments/{payment_id}")).links(),
    ]
    assert not [
        link
        for link in links
        if link.endswith(("/new", "/allocate", "/unallocate", "/refund")) and "/payments" in link
    ]
    for path in (
        "/payments/new",
        f"/payments/{payment_id}/allocate",
        f"/payments/{payment_id}/refund",
    ):
        assert send(person, path).status_code == 403
    assert left_of(alice, payment_id) == (100, 0, 100)


def sums(page: Page) -> list[str]:
    """Return the visible sums of the page: allocated, unallocated, and too much."""
    names = {"taken": "tr", "left": "tr[@data-left-row]", "over": "tr[@data-over-row]"}
    hidden = {
        name for name, path in names.items() if page.all(f".//{path}[@hidden]") and name != "taken"
    }
    return [f"{name} {page.words(f'.//td[@data-{name}]')}" for name in names if name not in hidden]


@pytest.mark.parametrize(
    ("amount", "part", "expected"),
    [
        ("50,000", "20000", ["taken 20,000.00", "left 30,000.00"]),
        ("50,000", "50,000.00", ["taken 50,000.00", "left 0.00"]),
        ("10,000", "20000", ["taken 20,000.00", "over 10,000.00"]),
        ("", "20000", ["taken 20,000.00", "over 20,000.00"]),
        ("50,000", "nonsense", ["taken 0.00", "left 50,000.00"]),
        ("x", "", ["taken 0.00", "left 0.00"]),
    ],
)
def test_allocated_and_unused_amounts_are_shown(
    alice: Person, amount: str, part: str, expected: list[str]
) -> None:
    invoice_id = issued(alice)
    typed = TYPED | {"amount": amount, "document_id": [str(invoice_id)], "part": [part]}
    page = Page(send(alice, "/payments/new", **typed, then="documents"))
    assert sums(page) == expected
    assert page.one(".//tr[@data-open]").get("data-open") == "4500000"


def test_the_form_of_a_partly_unused_payment_allocates_nothing_by_itself(
    alice: Person,
) -> None:
    ids = [str(issued(alice, due_date=DUE + timedelta(days=days))) for days in (1, 9)]
    payment_id = advance(alice, 5_000_000)
    page = Page(
        send(
            alice,
            f"/payments/{payment_id}/allocate",
            effective_on="25 Jun 2024",
            document_id=ids,
            part=["", "100"],
            then="fill",
        )
    )
    assert (page.status, beside(page), sums(page)) == (
        200,
        ["45,000.00", "5,000.00"],
        ["taken 50,000.00", "left 0.00"],
    )
    assert left_of(alice, payment_id) == (0, 0, 5_000_000)
    page = Page(
        send(
            alice,
            f"/payments/{payment_id}/allocate",
            effective_on="25 Jun 2024",
            document_id=ids,
            part=["", "60,000"],
        )
    )
    assert (page.status, sums(page)) == (422, ["taken 60,000.00", "over 10,000.00"])
