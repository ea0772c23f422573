"""Supplier credits by line: postings, dates, at most the open amount."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, EVER, ISSUED, bill_seen, draft_bill, line, receive, untied
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import People, Person
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.bills import (
    errors as bill_errors,
    queries as bill_queries,
    service as bill_service,
)
from voyagent.billing.core import errors
from voyagent.billing.core.queries import credits as credit_queries, documents as document_queries
from voyagent.billing.core.service.credits import creditable
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.supplier_credits import (
    errors as supplier_credit_errors,
    queries as supplier_credit_queries,
    service as supplier_credit_service,
)
from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.ledger.service import months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.reports.queries import checks
from voyagent.settings.service import tenant_settings as settings

WHY = "Not travelled"


def two_lines(person: Person, **given: Any) -> UUID:
    """A bill over 45,000 and 500 rupees."""
    return receive(person, line(), line("500.00", quantity=1, description="Fee"), **given)


def credit(
    person: Person,
    bill_id: UUID,
    reference: str = "C-1",
    *,
    on: date | None = DUE,
    reason: str = WHY,
    **minor: int,
) -> UUID:
    """Enter a credit; `line_1=100` credits one rupee of line 1, no line credits all."""
    amounts = {int(name[5:]): Money(value, "INR") for name, value in minor.items()} or None
    return person.does(
        lambda actor: (
            supplier_credit_service.credit_bill(
                actor, bill_id, vendor_reference=reference, reason=reason, on=on, amounts=amounts
            ).id
        )
    )


def open_then(person: Person, as_of: date | None) -> list[int]:
    with person.reading() as reader:
        return [
            row["open_minor"]
            for row in reader.read(
                open_items.ageing_statement("payable", *EVER, today=DUE, as_of=as_of)
            )[0]
        ]


def findings(person: Person) -> list[str]:
    with person.reading() as reader:
        return [str(found) for found in checks.findings(reader)]


# The rule
# --------------------------------------------------------------------------------


def test_a_part_of_a_line_is_credited(alice: Person) -> None:
    bill_id = two_lines(alice)
    credit_id = credit(alice, bill_id, line_1=1_000_000, line_2=50_000)
    assert bill_seen(alice, bill_id)["status"] == "received"
    assert balances(alice) == {
        ("payable", "INR"): -3_500_000,
        ("cost_of_services", "INR"): 3_500_000,
    }
    assert balances(alice, DUE - timedelta(days=1))["payable", "INR"] == -4_550_000
    with alice.reading() as reader:
        found = supplier_credit_queries.read_supplier_credit(reader, credit_id)
        bill = bill_queries.read_bill(reader, bill_id)
    assert (
        found.credit["vendor_reference"],
        found.credit["bill_reference"],
        found.credit["reason"],
    ) == ("C-1", "BSP-1", WHY)
    assert [(row["line_no"], row["description"], row["amount_minor"]) for row in found.lines] == [
        (1, "Dubai visa", 1_000_000),
        (2, "Fee", 50_000),
    ]
    assert [(row["code"], row["debit_minor"], row["credit_minor"]) for row in found.journal] == [
        ("2100", 1_050_000, 0),
        ("5100", 0, 1_050_000),
    ]
    assert (bill.bill["credited_minor"], document_queries.open_minor_of(bill.bill)) == (
        1_050_000,
        3_500_000,
    )
    assert [row["amount_minor"] for row in bill.credits] == [1_050_000]
    assert (untied(alice), findings(alice)) == ([], [])


def test_a_credit_on_an_agent_purchase_restores_the_amount_held_for_suppliers(
    alice: Person,
) -> None:
    bill_id = receive(
        alice, line() | {"bought_as": "agent"}, line("500.00", quantity=1, description="Fee")
    )
    shown = Page(alice.tab.get(f"/bills/{bill_id}/credit")).words(".//section[@id='postings']")
    for words in (
        "2100 Trade payablesINR45,500.00",
        "2160 Held for suppliers, as their agentINR45,000.00",
        "5100 Cost of travel servicesINR500.00",
    ):
        assert words in shown, words
    typed = {"vendor_reference": "C-1", "reason": WHY, "then": "look", "amount": ["1,000", "x"]}
    unread = Page(send(alice, f"/bills/{bill_id}/credit", **typed)).words(
        ".//section[@id='postings']"
    )
    assert ("Enter an amount such as" in unread, "INR" in unread) == (True, False)
    credit(alice, bill_id, line_1=1_000_000)
    assert balances(alice) == {
        ("payable", "INR"): -3_550_000,
        ("held_for_suppliers", "INR"): 3_500_000,
        ("cost_of_services", "INR"): 50_000,
    }
    credit(alice, bill_id, "C-2")
    assert set(balances(alice).values()) == {0}
    assert (untied(alice), findings(alice)) == ([], [])


def test_the_amount_defaults_to_the_uncredited_rest(alice: Person) -> None:
    bill_id = two_lines(alice)
    credit(alice, bill_id, line_1=1_000_000)
    with alice.acting():
        left = creditable(bill_queries.get_bill(bill_id))
    assert left == {1: Money(3_500_000, "INR"), 2: Money(50_000, "INR")}
    credit(alice, bill_id, "C-2")
    assert (bill_seen(alice, bill_id)["status"], bill_seen(alice, bill_id)["paid_minor"]) == (
        "paid",
        0,
    )
    assert balances(alice)["payable", "INR"] == 0
    with alice.acting():
        assert creditable(bill_queries.get_bill(bill_id)) == {}
    assert (untied(alice), findings(alice)) == ([], [])


def test_a_report_of_a_day_counts_credits_up_to_that_day(alice: Person) -> None:
    bill_id = two_lines(alice)
    credit(alice, bill_id, on=date(2024, 6, 12), line_1=1_000_000)
    alice.does(payment_service.pay_bill, bill_id, Money(50_000, "INR"), date(2024, 6, 14))
    credit(alice, bill_id, "C-2", on=date(2024, 6, 20), line_1=3_500_000)
    days = (
        date(2024, 6, 11),
        date(2024, 6, 12),
        date(2024, 6, 13),
        date(2024, 6, 14),
        date(2024, 6, 20),
        None,
    )
    assert [open_then(alice, day) for day in days] == [
        [4_550_000],
        [3_550_000],
        [3_550_000],
        [3_500_000],
        [],
        [],
    ]
    for day in days:
        assert -sum(open_then(alice, day)) == balances(alice, day or DUE)["payable", "INR"], (
            "what is open is the control account on any day"
        )


def test_paid_bills_are_not_credited_and_credited_bills_neither_paid_nor_voided(
    alice: Person,
) -> None:
    bill_id = receive(alice)
    alice.does(payment_service.pay_bill, bill_id, Money(4_000_000, "INR"), DUE)
    for minor in ({}, {"line_1": 500_001}):
        with pytest.raises(errors.SupplierCreditExceedsOpen):
            credit(alice, bill_id, **minor)
    credit(alice, bill_id, line_1=400_000)
    with pytest.raises(payment_errors.PaymentExceedsOpen):
        alice.does(payment_service.pay_bill, bill_id, Money(100_001, "INR"), DUE)
    alice.does(payment_service.pay_bill, bill_id, Money(100_000, "INR"), DUE)
    assert bill_seen(alice, bill_id)["status"] == "paid"
    other = receive(alice, vendor_reference="BSP-2")
    credit(alice, other, "C-2", line_1=1)
    with pytest.raises(errors.DocumentNotVoidable):
        alice.does(bill_service.void_bill, other, reason=WHY)


def test_only_an_open_bill_can_be_credited_and_a_scheduled_one_is_open(alice: Person) -> None:
    void, paid, scheduled = (
        receive(alice, vendor_reference=reference) for reference in ("V", "P", "S")
    )
    alice.does(bill_service.void_bill, void, reason=WHY)
    alice.does(payment_service.pay_bill, paid, None, DUE)
    for bill_id in (draft_bill(alice), void, paid):
        with pytest.raises(errors.DocumentNotOpen):
            credit(alice, bill_id, line_1=1)
    alice.does(
        lambda actor: bill_service.schedule_bill(actor, scheduled, pay_on=date(2100, 1, 4)).id
    )
    credit(alice, scheduled, line_1=1)
    assert bill_seen(alice, scheduled)["status"] == "scheduled"
    credit(alice, scheduled, "C-2")
    assert bill_seen(alice, scheduled)["status"] == "paid"
    assert findings(alice) == []


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reason": " "}, errors.ReasonRequired),
        ({"reason": "x" * 501}, errors.TextTooLong),
        ({"reference": " "}, bill_errors.VendorReferenceRequired),
        ({"reference": "x" * 65}, bill_errors.VendorReferenceRequired),
        ({"on": ISSUED - timedelta(days=1)}, errors.InvalidDate),
        ({"on": clock.today() + timedelta(days=2)}, errors.InvalidDate),
        ({"line_3": 1}, errors.LineNotOnBill),
        ({"line_1": 0}, InvalidAmount),
        ({"line_2": 50_001}, errors.CreditExceedsLine),
    ],
)
def test_an_invalid_credit_is_refused_and_stores_nothing(
    alice: Person, given: dict[str, Any], error: type[Exception]
) -> None:
    bill_id = two_lines(alice)
    before = balances(alice)
    with pytest.raises(error):
        credit(alice, bill_id, **given)
    assert balances(alice) == before
    with alice.reading() as reader:
        assert (
            supplier_credit_queries.list_supplier_credits(
                reader, credit_queries.CreditSearch()
            ).items
            == []
        )


def test_no_lines_and_another_currency_are_refused(alice: Person) -> None:
    bill_id = receive(alice)
    for amounts, error in (({}, errors.NoLines), ({1: Money(1, "AED")}, MixedCurrencies)):
        with pytest.raises(error):
            alice.does(
                lambda actor, given=amounts: (
                    supplier_credit_service.credit_bill(
                        actor, bill_id, vendor_reference="C-1", reason=WHY, amounts=given
                    ).id
                )
            )


def test_a_suppliers_number_can_be_entered_once(alice: Person, charlie: Person) -> None:
    bill_id = two_lines(alice)
    credit(alice, bill_id, line_1=1)
    with pytest.raises(supplier_credit_errors.SupplierCreditTaken):
        credit(alice, bill_id, line_1=1)
    credit(alice, receive(alice, vendor_name="Air India", vendor_reference="AI-1"), line_1=1)
    credit(charlie, receive(charlie), line_1=1)


def test_a_closed_month_refuses_a_credit_and_a_later_day_does_not(alice: Person) -> None:
    bill_id = receive(alice)
    alice.does(months.close_month, ISSUED.replace(day=1))
    with pytest.raises(PeriodLocked):
        credit(alice, bill_id, line_1=1)
    credit(alice, bill_id, on=date(2024, 7, 1), line_1=1)


def test_the_database_refuses_to_credit_a_line_twice(alice: Person) -> None:
    bill_id = two_lines(alice)
    credit_id = credit(alice, bill_id, line_1=4_500_000)
    add = sa.text(
        "insert into supplier_credit_lines (tenant_id, supplier_credit_id, line_no, description,"
        " amount_minor) values (:t, :c, :n, 'x', :m)"
    )
    for line_no, minor in ((2, 50_001), (3, 1)):
        with (
            pytest.raises(sa.exc.IntegrityError, match="credits exceed the amount"),
            alice.acting() as actor,
        ):
            db.session.execute(
                add, {"t": actor.tenant_id, "c": credit_id, "n": line_no, "m": minor}
            )


def test_a_credited_amount_above_the_credits_is_found(alice: Person) -> None:
    bill_id = receive(alice)
    credit(alice, bill_id, line_1=100)
    with alice.acting():
        db.session.execute(
            sa.text("update bills set credited_minor = credited_minor + 1 where id = :id"),
            {"id": bill_id},
        )
    assert "credited: INR 0.01: bill BSP-1: credited and its credit notes differ" in findings(alice)


# Permissions and parallel requests
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("agency_admin", True),
        ("accounting_lead", True),
        ("ticketing_lead", False),
        ("agent", False),
        ("viewer", False),
    ],
)
def test_only_some_roles_enter_credits(people: People, alice: Person, role: str, may: bool) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    bill_id = receive(alice)
    answer = person.api.post(
        "/supplier-credits",
        json={"bill_id": str(bill_id), "vendor_reference": "C-1", "reason": WHY},
    )
    assert answer.status_code == (201 if may else 403)
    assert person.api.get("/supplier-credits").status_code == 200
    if not may:
        with pytest.raises(Forbidden):
            credit(person, bill_id)


def test_crediting_directly_is_limited_by_the_role(people: People, alice: Person) -> None:
    lead = people.colleague(alice, "Leela Lead", role="accounting_lead")
    alice.does(
        lambda actor: (
            settings.update(
                actor,
                {"approval_limits": {"accounting_lead": {"amount": "1.00", "currency": "INR"}}},
            ).tenant_id
        )
    )
    body = {"bill_id": str(receive(alice)), "vendor_reference": "C-1", "reason": WHY}
    assert code(lead.api.post("/supplier-credits", json=body)) == (403, "amount_above_limit")


def test_another_agency_neither_reads_nor_enters_credits(alice: Person, charlie: Person) -> None:
    bill_id = receive(alice)
    credit_id = credit(alice, bill_id, line_1=1)
    assert code(charlie.api.get(f"/supplier-credits/{credit_id}")) == (
        404,
        "supplier_credit_not_found",
    )
    assert charlie.api.get("/supplier-credits").json["items"] == []
    body = {"bill_id": str(bill_id), "vendor_reference": "C-2", "reason": WHY}
    assert code(charlie.api.post("/supplier-credits", json=body)) == (404, "bill_not_found")
    assert code(alice.api.post("/supplier-credits", json=body | {"bill_id": str(new_id())})) == (
        404,
        "bill_not_found",
    )


def test_parallel_credits_never_exceed_the_open_amount(alice: Person) -> None:
    bill_id = receive(alice)
    results = at_once(
        [
            lambda number=number: credit(alice, bill_id, f"C-{number}", line_1=1_000_000)
            for number in range(6)
        ]
    )
    assert (
        sorted(type(result).__name__ for result in results)
        == ["CreditExceedsLine"] * 2 + ["UUID"] * 4
    )
    assert balances(alice)["payable", "INR"] == -500_000
    assert (untied(alice), findings(alice)) == ([], [])


# Over the API
# --------------------------------------------------------------------------------


def test_the_api_enters_lists_and_returns_credits(alice: Person) -> None:
    bill_id = str(two_lines(alice))
    body = {
        "bill_id": bill_id,
        "vendor_reference": "C-1",
        "reason": WHY,
        "issue_date": "2024-06-25",
        "lines": [{"line_no": 2, "amount": "100.50"}],
    }
    made = alice.api.post("/supplier-credits", json=body)
    assert made.status_code == 201, made.text
    content = made.json
    assert (
        content["vendor_name"],
        content["bill_reference"],
        content["total_amount"],
        content["issue_date"],
    ) == ("BSP India", "BSP-1", "100.50", "2024-06-25")
    assert content["lines"] == [
        {"line_no": 2, "description": "Fee", "amount": "100.50", "taxes": []}
    ]
    assert alice.api.get(f"/supplier-credits/{content['id']}").json == content
    bill = alice.api.get(f"/bills/{bill_id}").json
    assert (bill["credited_amount"], bill["open_amount"]) == ("100.50", "45399.50")
    assert [(one["supplier_credit_id"], one["amount"]) for one in bill["credits"]] == [
        (content["id"], "100.50")
    ]
    assert code(alice.api.post("/supplier-credits", json=body)) == (409, "supplier_credit_taken")
    twice = body | {"vendor_reference": "C-2", "lines": [{"line_no": 2, "amount": "1"}] * 2}
    assert code(alice.api.post("/supplier-credits", json=twice)) == (422, "line_already_named")
    assert code(
        alice.api.post("/supplier-credits", json=twice | {"lines": [{"line_no": 9, "amount": "1"}]})
    ) == (422, "line_not_on_bill")


def test_the_list_has_filters_and_cursors(alice: Person) -> None:
    first, second = (
        two_lines(alice),
        two_lines(alice, vendor_name="Air India", vendor_reference="AI-1"),
    )
    for number in range(3):
        credit(alice, first, f"C-{number}", on=ISSUED + timedelta(days=number), line_1=100)
    credit(alice, second, "AC-1", line_1=100)

    def found(query: str) -> list[str]:
        return [
            item["vendor_reference"]
            for item in alice.api.get(f"/supplier-credits?{query}").json["items"]
        ]

    assert found("") == ["AC-1", "C-2", "C-1", "C-0"]
    assert found("party=air india") == ["AC-1"]
    assert found(f"bill_id={first}&from=2024-06-11&to=2024-06-11") == ["C-1"]
    page = alice.api.get("/supplier-credits?limit=3").json
    assert found(f"limit=3&cursor={page['next_cursor']}") == ["C-0"]


# On pages
# --------------------------------------------------------------------------------

TYPED = {"vendor_reference": "C-1", "reason": WHY, "issue_date": "25 Jun 2024"}


def test_a_credit_is_previewed_and_entered_on_its_page(alice: Person) -> None:
    bill_id = two_lines(alice)
    page = Page(alice.tab.get(f"/bills/{bill_id}/credit"))
    assert [field.get("value") for field in page.all(".//input[@name='amount']")] == [
        "45,000.00",
        "500.00",
    ]
    page = Page(
        send(alice, f"/bills/{bill_id}/credit", **TYPED, amount=["", "100.50"], then="look")
    )
    assert page.status == 200
    posted = page.words(".//section[@id='postings']")
    assert ("2100 Trade payables" in posted, posted.count("100.50")) == (True, 2)
    assert bill_seen(alice, bill_id)["status"] == "received"
    answer = send(alice, f"/bills/{bill_id}/credit", **TYPED, amount=["", "100.50"])
    (made,) = alice.api.get("/supplier-credits").json["items"]
    assert (answer.status_code, answer.headers["Location"], made["total_amount"]) == (
        303,
        f"/supplier-credits/{made['id']}",
        "100.50",
    )
    page = Page(alice.tab.get(answer.headers["Location"]))
    sheet = page.words(".//*[@id='sheet']")
    for word in ("BSP India", "C-1", "BSP-1", "Fee", "100.50", WHY):
        assert word in sheet, word
    assert f"/bills/{bill_id}" in page.links()
    page = Page(alice.tab.get(f"/bills/{bill_id}"))
    assert f"/supplier-credits/{made['id']}" in page.links()
    assert "45,399.50" in page.words(".//*[@id='about']")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"vendor_reference": ""}, "Enter the number on the supplier’s document."),
        ({"vendor_reference": "C-0"}, "already exists"),
        ({"amount": ["", "500.01"]}, "more than the amount not yet credited"),
        ({"amount": ["x", ""]}, "Enter an amount such as"),
        ({"amount": ["", ""]}, "Enter an amount for at least one line."),
        ({"issue_date": "1 Jun 2024"}, "This date is too early"),
    ],
)
def test_an_invalid_credit_is_shown_again_with_the_input(
    alice: Person, typed: dict[str, Any], expected: str
) -> None:
    bill_id = two_lines(alice)
    credit(alice, receive(alice, vendor_reference="BSP-2"), "C-0", line_1=1)
    page = Page(send(alice, f"/bills/{bill_id}/credit", **{**TYPED, "amount": ["", "1"], **typed}))
    assert page.status == 422
    assert expected in page.words(".//form[@id='credit-form']")
    assert WHY in [field.get("value") for field in page.all(".//input[@name='reason']")]
    assert len(alice.api.get("/supplier-credits").json["items"]) == 1


def test_the_pages_require_the_permission_and_the_agency(
    people: People, alice: Person, charlie: Person
) -> None:
    bill_id = receive(alice)
    credit_id = credit(alice, bill_id, line_1=1)
    agent = people.colleague(alice, "Rita Role", role="agent")
    assert [
        person.tab.get(f"/supplier-credits/{credit_id}").status_code
        for person in (alice, agent, charlie)
    ] == [200, 200, 404]
    assert [
        person.tab.get(f"/bills/{bill_id}/credit").status_code for person in (alice, agent, charlie)
    ] == [200, 403, 404]
    links = [
        f"/bills/{bill_id}/credit" in Page(person.tab.get(f"/bills/{bill_id}")).links()
        for person in (alice, agent)
    ]
    assert links == [True, False]
    credit(alice, bill_id, "C-2")
    page = Page(alice.tab.get(f"/bills/{bill_id}"))
    assert (
        f"/bills/{bill_id}/credit" in page.links(),
        "Credited in full." in page.words(".//*[@id='about']"),
    ) == (False, True)
    assert alice.tab.get(f"/bills/{bill_id}/credit").status_code == 303
