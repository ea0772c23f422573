"""Commission of lines sold as agent, in postings, pages and API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, draft, issue, issued, line, receive, untied
from tests.billing.test_taxes import HERE, findings, posted, send
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.paper_text import text_of
from tests.people import Person, csrf_token
from voyagent.billing.core import errors
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing as service_issuing
from voyagent.kernel.db import rows_changed
from voyagent.kernel.money import InvalidAmount, Money

TICKETS = {
    "description": "Air tickets",
    "quantity": 3,
    "unit_price": "100.00",
    "sold_as": "agent",
    "commission": "10.01",
}
DRAWN = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2024-06-10",
    "currency": "INR",
    "line_items": [TICKETS],
}


def tickets(commission: str | None = "10.01", price: str = "100.00", **more: Any) -> LineItem:
    item: LineItem = line(price, quantity=3) | {
        "sold_as": "agent",
        "commission": commission,
        **more,
    }  # type: ignore[assignment]
    return item


def credit(person: Person, invoice_id: UUID, minor: int | None = None) -> UUID:
    amounts = None if minor is None else {1: Money(minor, "INR")}
    with person.acting() as actor:
        return credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Not travelled", on=DUE, amounts=amounts
        ).id


def earned(person: Person) -> tuple[int, int, int]:
    """Return the balances of receivables, held for suppliers and commission."""
    there = balances(person)
    return tuple(
        there.get((purpose, "INR"), 0)
        for purpose in ("receivable", "held_for_suppliers", "revenue_commission")
    )  # type: ignore[return-value]


# Postings
# --------------------------------------------------------------------------------


def test_only_the_commission_of_a_sale_as_agent_is_revenue(alice: Person) -> None:
    issued(alice, tickets())
    assert balances(alice) == {
        ("receivable", "INR"): 30_000,
        ("held_for_suppliers", "INR"): -28_999,
        ("revenue_commission", "INR"): -1_001,
    }
    receive(alice, line("289.99", quantity=1) | {"bought_as": "agent"})
    assert earned(alice) == (30_000, 0, -1_001), "with the supplier's bill nothing is held any more"
    assert (untied(alice), findings(alice)) == ([], [])


@pytest.mark.parametrize("commission", [None, "0", "0.00"])
def test_without_a_commission_the_whole_amount_is_held_for_suppliers(
    alice: Person, commission: str | None
) -> None:
    issued(alice, tickets(commission))
    assert balances(alice) == {
        ("receivable", "INR"): 30_000,
        ("held_for_suppliers", "INR"): -30_000,
    }


def test_the_whole_amount_of_a_line_may_be_commission(alice: Person) -> None:
    issued(alice, tickets("300.00"))
    assert balances(alice) == {
        ("receivable", "INR"): 30_000,
        ("revenue_commission", "INR"): -30_000,
    }


@pytest.mark.parametrize(
    ("item", "refusal"),
    [
        (tickets("300.01"), errors.CommissionOutOfRange),
        (tickets("-0.01"), errors.CommissionOutOfRange),
        (tickets("1.001"), InvalidAmount),
        (tickets(sold_as="principal"), errors.CommissionNotAgent),
        (tickets(sold_as="fee"), errors.CommissionNotAgent),
    ],
)
def test_an_invalid_commission_is_refused_and_nothing_is_stored(
    alice: Person, item: LineItem, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        draft(alice, item)
    with alice.reading() as reader:
        assert invoice_queries.list_drafts(reader) == []


def test_partial_credits_return_exactly_the_whole_commission(
    alice: Person,
) -> None:
    invoice_id = issued(alice, tickets())
    credit(alice, invoice_id, 10_000)  # a third of 10.01 is 3.34
    assert earned(alice) == (20_000, -19_333, -667)
    credit(alice, invoice_id, 5_000)  # of a half 5.005 is rounded up: 1.67 beside the 3.34
    assert earned(alice) == (15_000, -14_500, -500)
    credit(alice, invoice_id)
    assert earned(alice) == (0, 0, 0)
    assert (untied(alice), findings(alice)) == ([], [])


def test_a_credit_of_one_paisa_never_returns_more_commission_than_its_amount(alice: Person) -> None:
    invoice_id = issued(alice, tickets("0.03", "0.01"))
    for _paisa in range(3):
        credit(alice, invoice_id, 1)
    assert (earned(alice), findings(alice)) == ((0, 0, 0), [])


def test_voiding_an_invoice_reverses_the_whole_commission(alice: Person) -> None:
    invoice_id = issued(alice, tickets())
    alice.does(service_issuing.void_invoice, invoice_id, reason="Twice", on=DUE)
    assert set(balances(alice).values()) == {0}


def test_a_draft_keeps_its_commission_in_another_currency_and_can_change_it(
    alice: Person,
) -> None:
    invoice_id = draft(alice, tickets())

    def revise(**changes: Any) -> int:
        with alice.acting() as actor:
            return invoice_drafts.revise_draft(actor, invoice_id, changes).total_minor  # type: ignore[arg-type]

    def commission() -> int:
        with alice.acting():
            return document_queries.get_lines(invoice_queries.get_invoice(invoice_id))[
                0
            ].commission_minor

    revise(currency="USD")
    assert commission() == 1_001
    revise(line_items=[tickets("20")])
    assert commission() == 2_000
    revise(line_items=[tickets(None)])
    assert commission() == 0


def test_profit_and_loss_contains_only_the_commission(alice: Person) -> None:
    credit(alice, issued(alice, tickets()), 10_000)
    report = alice.api.get("/reports/profit-and-loss?from=2024-06-01&to=2024-06-30&compare=none")
    assert report.status_code == 200, report.text
    assert ('"4100"' in report.text, '"6.67"' in report.text, "300.00" in report.text) == (
        True,
        True,
        False,
    )


# Guards of the database
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values", ["commission_minor = 30001", "commission_minor = -1", "sold_as = 'fee'"]
)
def test_the_database_limits_a_commission_to_its_line(alice: Person, values: str) -> None:
    invoice_id = draft(alice, tickets())
    with alice.acting(), pytest.raises(sa.exc.IntegrityError, match="ck_invoice_lines_commission"):
        rows_changed(f"update invoice_lines set {values} where invoice_id = :id", id=invoice_id)


def test_the_database_refuses_to_return_more_commission_than_there_was(alice: Person) -> None:
    note_id = credit(alice, issued(alice, tickets(), line("1.00", quantity=1)), 100)
    with alice.acting(), pytest.raises(sa.exc.IntegrityError, match="credited commission exceeds"):
        rows_changed(
            "insert into credit_note_lines (tenant_id, credit_note_id, line_no, description,"
            " amount_minor, commission_minor) select tenant_id, credit_note_id, 2, description, 1,"
            " 1 from credit_note_lines where credit_note_id = :id",
            id=note_id,
        )


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_the_api_has_commission_and_returned_commission(alice: Person) -> None:
    made = alice.api.post("/invoices", json=DRAWN)
    assert made.status_code == 201, made.text
    assert (made.json["line_items"][0]["sold_as"], made.json["line_items"][0]["commission"]) == (
        "agent",
        "10.01",
    )
    changed = alice.api.patch(
        f"/invoices/{made.json['id']}", json={"line_items": [TICKETS | {"commission": "12"}]}
    )
    assert changed.json["line_items"][0]["commission"] == "12.00"
    issue(alice, UUID(made.json["id"]))
    note = alice.api.post(
        "/credit-notes",
        json={
            "invoice_id": made.json["id"],
            "reason": "Not travelled",
            "lines": [{"line_no": 1, "amount": "100"}],
        },
    )
    assert (note.json["lines"][0]["amount"], note.json["lines"][0]["commission"]) == (
        "100.00",
        "4.00",
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"commission": "300.01"}, "commission_out_of_range"),
        ({"sold_as": "principal"}, "commission_not_agent"),
    ],
)
def test_an_invalid_commission_has_its_own_error_code(
    alice: Person, changes: dict[str, str], code: str
) -> None:
    answer = alice.api.post("/invoices", json=DRAWN | {"line_items": [TICKETS | changes]})
    assert (answer.status_code, answer.json["detail"]) == (422, code)


@pytest.fixture
def agency(alice: Person) -> Person:
    """An agency with a tax number, so that its form asks how a line is sold."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def test_the_form_takes_a_commission_and_previews_its_posting(agency: Person) -> None:
    looked = Page(send(agency, then="look", commission=["1,200", ""]))
    assert posted(looked) == [
        "1200 Trade receivables INR 4,817.00",
        "2160 Held for suppliers, as their agent INR 3,000.00",
        "4200 Service fees INR 500.00",
        "4100 Commission from suppliers INR 1,200.00",
        "2312 Output IGST INR 117.00",
    ]
    made = send(agency, commission=["1,200", ""])
    assert made.status_code == 303
    page = Page(agency.tab.get(made.location))
    assert "As agent, including 1,200.00 commission" in page.words(
        ".//*[@id='items']//*[@class='v-tiny v-3 v-screen']"
    )
    edit = Page(agency.tab.get(f"{made.location}/edit"))
    assert [one.get("value") for one in edit.all(".//input[@name='commission']")][:2] == [
        "1,200.00",
        "",
    ]
    issuing = Page(agency.tab.get(f"{made.location}/issue"))
    assert "4100 Commission from suppliers INR 1,200.00" in posted(issuing)
    paper = agency.tab.get(f"{made.location}/invoice.pdf")
    assert (paper.status_code, "ommission" in text_of(paper.data)) == (
        200,
        False,
    ), "the commission of the agency is not shown to the customer"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"commission": ["4,201", ""]},
            "The commission can’t be more than the line amount before tax.",
        ),
        (
            {"commission": ["", "100"]},
            "Only a line sold as agent can have a commission.",
        ),
        ({"commission": ["much", ""]}, "amount"),
    ],
)
def test_an_invalid_commission_is_reported_at_its_line(
    agency: Person, changes: dict[str, Any], sentence: str
) -> None:
    page = Page(send(agency, **changes))
    assert page.status == 422
    assert sentence in page.error_at("line_items")
    assert [one.get("value") for one in page.all(".//input[@name='commission']")][:2] == changes[
        "commission"
    ]


def test_the_preview_of_a_credit_returns_the_commission(agency: Person) -> None:
    invoice_id = issued(agency, tickets())
    page = Page(agency.tab.get(f"/invoices/{invoice_id}/credit"))
    assert "4100 Commission from suppliers INR 10.01" in posted(page)


def test_without_taxes_a_changed_draft_keeps_its_kind_of_sale(
    alice: Person,
) -> None:
    invoice_id = draft(alice, tickets(), line("5.00", quantity=1))
    browser = alice.tab
    edit = Page(browser.get(f"/invoices/{invoice_id}/edit"))
    assert not edit.all(".//select[@name='tax']")
    assert edit.all(".//input[@name='details'][@checked]"), "what is filled is open"
    assert [
        option.get("value") for option in edit.all(".//select[@name='sold_as']/option[@selected]")
    ][:2] == ["agent", "principal"]
    stored = {
        name: edit.field(name) for name in ("customer_name", "issue_date", "due_date", "seen")
    }
    sent = stored | {"currency": "INR", "csrf_token": csrf_token(browser), "details": "y"}
    lines = {
        "description": ["Air tickets", "Fee"],
        "quantity": ["3", "1"],
        "unit_price": ["100.00", "5.00"],
        "service_date": ["", ""],
    }
    answer = browser.post(
        f"/invoices/{invoice_id}/edit",
        data=sent | lines | {"sold_as": ["agent", "fee"], "commission": ["12", ""]},
    )
    assert answer.status_code == 303, answer.text
    items = alice.api.get(f"/invoices/{invoice_id}").json["line_items"]
    assert [(one["sold_as"], one["commission"]) for one in items] == [
        ("agent", "12.00"),
        ("fee", "0.00"),
    ]


def test_without_taxes_the_form_of_a_line_is_short(alice: Person) -> None:
    page = Page(alice.tab.get("/invoices/new"))
    assert not page.all(".//input[@name='details'][@checked]")
    assert page.all(".//td[@class='v-choices v-more']/select[@name='sold_as']")
