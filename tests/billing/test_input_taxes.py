"""Taxes printed on bills: input credit or cost, postings and credits."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from tests.billing.papers import carry_out, describe, draft_bill, line, plan, receive, untied
from tests.billing.test_forms import send
from tests.billing.test_taxes import HERE, ON, agency, findings
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import Person
from voyagent.billing.bills import queries as bill_queries, service as bill_service
from voyagent.billing.core.errors import (
    InstalmentsDoNotAddUp,
    TaxComponentUnknown,
    TaxInAnotherCurrency,
    TaxNumberMissing,
)
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.settings.service import tenant_settings as settings

__all__ = ["agency"]
BOTH = {"cgst": "90.00", "sgst": "90.01"}
TYPED = {
    "vendor_name": "Sea View",
    "vendor_reference": "SV-1",
    "issue_date": "10 Jun 2026",
    "due_date": "25/6/2026",
    "currency": "INR",
}


def bought(
    price: str = "1000.00",
    taxes: dict[str, str] | None = None,
    *,
    credit: bool = True,
    currency: str = "INR",
    **more: Any,
) -> LineItem:
    """Return a line with printed tax, by default with input credit."""
    printed: Any = BOTH if taxes is None else taxes
    return LineItem(
        description="Room",
        quantity=1,
        unit_price=price,
        currency=currency,
        input_taxes=printed,
        input_credit=credit,
        **more,
    )


def amounts(person: Person, bill_id: UUID) -> tuple[int, int]:
    with person.acting():
        bill = bill_queries.get_bill(bill_id)
        return bill.total_minor, bill.tax_minor


def credit(person: Person, bill_id: UUID, reference: str = "C-1", **minor: int) -> UUID:
    given = {int(name[5:]): Money(value, "INR") for name, value in minor.items()} or None
    return person.does(
        lambda actor: (
            supplier_credit_service.credit_bill(
                actor,
                bill_id,
                vendor_reference=reference,
                reason="Not stayed",
                on=ON["due_date"],
                amounts=given,
            ).id
        )
    )


def refused(person: Person, error: type[Exception], *lines: LineItem, **given: Any) -> None:
    with pytest.raises(error):
        draft_bill(person, *lines, **{**ON, **given})


# Input
# --------------------------------------------------------------------------------


def test_the_printed_tax_is_added_to_the_lines(agency: Person) -> None:
    bill_id = draft_bill(agency, bought(), line("500.00", quantity=1), **ON)
    assert amounts(agency, bill_id) == (168_001, 18_001)
    assert agency.api.get(f"/bills/{bill_id}").json["tax_amount"] == "180.01"


@pytest.mark.parametrize(
    "taxes",
    [{"cgst": "0"}, {"cgst": "-1.00"}, {"cgst": "1.001"}, {"cgst": "600.00", "sgst": "400.01"}],
)
def test_a_tax_is_positive_and_at_most_the_amount_of_its_line(
    agency: Person, taxes: dict[str, str]
) -> None:
    refused(agency, InvalidAmount, bought(taxes=taxes))


def test_a_tax_must_be_one_of_the_agencys_country_on_that_day(
    agency: Person,
) -> None:
    refused(agency, TaxComponentUnknown, bought(taxes={"vat": "50.00"}))
    refused(agency, TaxComponentUnknown, bought(taxes={"tcs": "50.00"}))
    refused(
        agency,
        TaxComponentUnknown,
        bought(),
        issue_date=date(2016, 6, 10),
        due_date=date(2016, 6, 10),
    )
    refused(agency, TaxInAnotherCurrency, bought(currency="AED"))


def test_an_agency_without_a_tax_number_cannot_enter_taxes(alice: Person) -> None:
    refused(alice, TaxNumberMissing, bought())
    assert receive(alice, bought(taxes={}))


def test_vat_is_entered_in_the_emirates(alice: Person) -> None:
    alice.does(settings.update, {"tax_number": "100234567890003"})
    receive(alice, bought(taxes={"vat": "50.00"}, currency="AED"), **ON)
    assert balances(alice) == {
        ("cost_of_services", "AED"): 100_000,
        ("input_vat", "AED"): 5_000,
        ("payable", "AED"): -105_000,
    }


def test_a_draft_is_changed_together_with_its_taxes(agency: Person) -> None:
    bill_id = draft_bill(agency, bought(), **ON)
    events = "select count(*) from audit_events where kind = 'bill.revised'"

    def revise(**changes: Any) -> int:
        agency.does(lambda actor: bill_service.revise_bill(actor, bill_id, changes).id)
        with agency.acting():
            return int(db.session.scalar(sa.text(events)) or 0)

    assert revise(line_items=[bought()]) == 0, "it is as it was"
    assert (revise(line_items=[bought(taxes={"igst": "180.00"})]), amounts(agency, bill_id)) == (
        1,
        (118_000, 18_000),
    )
    assert (
        revise(line_items=[bought(taxes={"igst": "180.00"}, credit=False)]),
        amounts(agency, bill_id),
    ) == (2, (118_000, 18_000))
    with pytest.raises(TaxInAnotherCurrency):
        revise(currency="AED")
    with pytest.raises(TaxComponentUnknown):
        revise(issue_date=date(2016, 6, 10))
    assert (revise(line_items=[bought(taxes={})]), amounts(agency, bill_id)) == (3, (100_000, 0))


def test_instalments_add_up_to_the_total_with_tax(agency: Person) -> None:
    due = ON["due_date"]
    with pytest.raises(InstalmentsDoNotAddUp):
        draft_bill(
            agency,
            bought(),
            **ON | {"due_date": None},
            instalments=plan((ON["issue_date"], "500.00"), (due, "500.00")),
        )
    bill_id = draft_bill(
        agency,
        bought(),
        **ON | {"due_date": None},
        instalments=plan((ON["issue_date"], "500.00"), (due, "680.01")),
    )
    assert amounts(agency, bill_id) == (118_001, 18_001)


# Postings
# --------------------------------------------------------------------------------


def test_a_claimed_tax_has_its_own_account_and_any_other_is_cost(agency: Person) -> None:
    receive(agency, bought(), bought("200.00", {"igst": "10.00"}, credit=False), **ON)
    assert balances(agency) == {
        ("cost_of_services", "INR"): 121_000,
        ("input_cgst", "INR"): 9_000,
        ("input_sgst", "INR"): 9_001,
        ("payable", "INR"): -139_001,
    }
    assert (untied(agency), findings(agency)) == ([], [])


def test_the_tax_of_a_line_as_agent_is_posted_like_the_line(agency: Person) -> None:
    receive(agency, bought(taxes={"igst": "50.00"}, credit=False, bought_as="agent"), **ON)
    assert balances(agency) == {
        ("held_for_suppliers", "INR"): 105_000,
        ("payable", "INR"): -105_000,
    }


def test_voiding_a_bill_reverses_its_taxes(agency: Person) -> None:
    bill_id = receive(agency, bought(), **ON)
    agency.does(
        lambda actor: (
            bill_service.void_bill(actor, bill_id, reason="Entered twice", on=ON["due_date"]).id
        )
    )
    assert not any(balances(agency).values())


def test_a_tax_that_no_longer_applies_prevents_receiving(agency: Person) -> None:
    bill_id = draft_bill(agency, bought(), **ON)
    agency.does(settings.update, {"tax_number": None})
    with pytest.raises(TaxNumberMissing):
        agency.does(lambda actor: bill_service.receive_draft(actor, bill_id).id)


def test_the_database_checks_and_protects_the_taxes_of_a_received_bill(
    agency: Person, owner_engine: sa.Engine
) -> None:
    bill_id = receive(agency, bought(), **ON)
    for change in ("update bill_taxes set amount_minor = 1", "delete from bill_taxes"):
        with (
            pytest.raises(sa.exc.DBAPIError, match="cannot be changed"),
            owner_engine.begin() as connection,
        ):
            connection.execute(sa.text(f"{change} where bill_id = :b"), {"b": bill_id})
    draft_id = draft_bill(agency, bought(), vendor_reference="SV-2", **ON)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from bill_taxes where bill_id = :b and component = 'cgst'"),
            {"b": draft_id},
        )
    with pytest.raises(sa.exc.IntegrityError) as caught:
        agency.does(lambda actor: bill_service.receive_draft(actor, draft_id).id)
    assert isinstance(caught.value.orig, psycopg.errors.CheckViolation)


# Credits
# --------------------------------------------------------------------------------


def test_a_credit_returns_taxes_in_proportion_and_the_last_one_the_rest(
    agency: Person,
) -> None:
    bill_id = receive(agency, bought(), bought("200.00", {"igst": "10.00"}, credit=False), **ON)
    first = credit(agency, bill_id, line_1=33_333)
    body = agency.api.get(f"/supplier-credits/{first}").json
    assert (body["total_amount"], body["tax_amount"]) == ("393.33", "60.00")
    assert body["lines"][0]["taxes"] == [
        {"component": "cgst", "amount": "30.00"},
        {"component": "sgst", "amount": "30.00"},
    ]
    assert balances(agency)["input_sgst", "INR"] == 6_001
    credit(agency, bill_id, "C-2")
    assert not any(balances(agency).values())
    assert agency.api.get(f"/bills/{bill_id}").json["status"] == "paid"
    assert (untied(agency), findings(agency)) == ([], [])


def test_credited_tax_never_exceeds_the_charged_tax(
    agency: Person, owner_engine: sa.Engine
) -> None:
    credit_id = credit(agency, receive(agency, bought(), **ON), line_1=50_000)
    change = (
        "insert into supplier_credit_taxes select tenant_id, supplier_credit_id, line_no, 'igst', 1"
        " from supplier_credit_lines where supplier_credit_id = :c"
    )
    with (
        pytest.raises(sa.exc.IntegrityError, match="credited tax exceeds"),
        owner_engine.begin() as connection,
    ):
        connection.execute(sa.text(change), {"c": credit_id})


# Pages, API and commands
# --------------------------------------------------------------------------------


def body(**line_changes: Any) -> dict[str, Any]:
    taxes = [{"component": "cgst", "amount": "90.00"}, {"component": "sgst", "amount": "90.01"}]
    rows = [
        {
            "description": "Room",
            "quantity": 1,
            "unit_price": "1000.00",
            "taxes": taxes,
            "input_credit": True,
        }
        | line_changes
    ]
    return {
        "vendor_name": "Sea View",
        "vendor_reference": "SV-1",
        "issue_date": "2026-06-10",
        "currency": "INR",
        "line_items": rows,
    }


def test_the_api_accepts_the_printed_tax(agency: Person) -> None:
    answer = agency.api.post("/bills", json=body())
    assert answer.status_code == 201
    assert (answer.json["total_amount"], answer.json["tax_amount"]) == ("1180.01", "180.01")
    entered = answer.json["line_items"][0]
    assert (entered["input_credit"], entered["taxes"]) == (True, body()["line_items"][0]["taxes"])
    changed = agency.api.patch(
        f"/bills/{answer.json['id']}",
        json={"line_items": body(taxes=[], input_credit=False)["line_items"]},
    )
    assert (changed.json["total_amount"], changed.json["line_items"][0]["taxes"]) == ("1000.00", [])


@pytest.mark.parametrize(
    ("taxes", "status", "code"),
    [
        ([{"component": "vat", "amount": "1.00"}], 400, "tax_component_unknown"),
        ([{"component": "cgst", "amount": "0.00"}], 422, "invalid_amount"),
        (
            [{"component": "cgst", "amount": "1.00"}, {"component": "cgst", "amount": "1.00"}],
            422,
            "component_twice",
        ),
        ([{"component": "cgst", "amount": "x"}], 422, "string_pattern_mismatch"),
    ],
)
def test_the_api_reports_invalid_taxes(
    agency: Person, taxes: list[dict[str, str]], status: int, code: str
) -> None:
    answer = agency.api.post("/bills", json=body(taxes=taxes))
    detail = answer.json["detail"]
    assert (answer.status_code, detail if isinstance(detail, str) else detail[0]["type"]) == (
        status,
        code,
    )


def test_the_page_accepts_shows_and_previews_the_tax(agency: Person) -> None:
    lines = {
        "description": ["Room"],
        "quantity": ["1"],
        "unit_price": ["1,000"],
        "bought_as": ["cost"],
    }
    taxed = {"tax_cgst": ["90"], "tax_sgst": ["90.01"], "tax_igst": [""], "input_credit": ["yes"]}
    look = Page(send(agency, "/bills/new", **TYPED, **lines, **taxed, then="look")).words(
        ".//*[@id='postings']"
    )
    assert all(words in look for words in ("1410 Input CGST", "1411 Input SGST", "1,180.01"))
    answer = send(agency, "/bills/new", **TYPED, **lines, **taxed)
    assert answer.status_code == 303
    page = Page(agency.tab.get(answer.location))
    assert "CGST 90.00, SGST 90.01 · credited to us" in page.words(".//*[@id='items']")
    assert all(
        words in page.words(".//*[@id='sums']")
        for words in ("Before tax", "1,000.00", "SGST", "90.01", "1,180.01")
    )
    form = Page(agency.tab.get(f"{answer.location}/edit"))
    assert [field.get("value") for field in form.all(".//input[@name='tax_sgst']")][:1] == ["90.01"]
    assert (
        send(
            agency,
            f"{answer.location}/edit",
            **TYPED,
            **lines,
            **taxed | {"tax_sgst": [""], "input_credit": [""]},
        ).status_code
        == 303
    )
    assert "CGST 90.00 · part of the cost" in Page(agency.tab.get(answer.location)).words(
        ".//*[@id='items']"
    )


def test_an_instalment_typed_as_a_share_is_a_share_of_the_total_with_tax(
    agency: Person,
) -> None:
    lines = {
        "description": ["Room"],
        "quantity": ["1"],
        "unit_price": ["1,000"],
        "bought_as": ["cost"],
        "tax_igst": ["180"],
        "input_credit": [""],
    }
    shared = {"instalment_due": ["10 Jun 2026", "25/6/2026"], "instalment_amount": ["50 %", ""]}
    answer = send(
        agency,
        "/bills/new",
        **TYPED | {"due_date": ""},
        **lines,
        **shared,
        tax_cgst=[""],
        tax_sgst=[""],
    )
    assert answer.status_code == 303, answer.text
    body = agency.api.get(f"/bills/{answer.location.rsplit('/', 1)[1]}").json
    assert [row["amount"] for row in body["instalments"]] == ["590.00", "590.00"]


def test_an_invalid_tax_is_marked_at_its_input(agency: Person) -> None:
    lines = {
        "description": ["Room"],
        "quantity": ["1"],
        "unit_price": ["1,000"],
        "bought_as": ["cost"],
        "input_credit": [""],
    }
    answer = send(
        agency, "/bills/new", **TYPED, **lines, tax_cgst=["90"], tax_sgst=["much"], tax_igst=[""]
    )
    assert answer.status_code == 422
    wrong = [
        field.get("name")
        for field in Page(answer).all(".//input")
        if "is-invalid" in (field.get("class") or "")
    ]
    assert wrong == ["tax_sgst"]


def test_the_page_of_a_credit_shows_its_tax(agency: Person) -> None:
    bill_id = receive(agency, bought(), **ON)
    look = Page(
        send(
            agency,
            f"/bills/{bill_id}/credit",
            vendor_reference="C-1",
            reason="Not stayed",
            amount=["500"],
            then="look",
        )
    )
    assert all(
        words in look.words(".//*[@id='postings']")
        for words in ("1411 Input SGST", "45.01", "590.01")
    )
    page = agency.tab.get(f"/supplier-credits/{credit(agency, bill_id, line_1=50_000)}").text
    assert all(words in page for words in ("Before tax", "SGST", "45.01", "590.01"))


def test_an_agency_without_a_tax_number_is_offered_no_tax(alice: Person) -> None:
    assert "tax_cgst" not in alice.tab.get("/bills/new").text
    assert HERE not in alice.tab.get("/bills/new").text


# By the capability
# --------------------------------------------------------------------------------


def test_a_request_to_enter_a_bill_shows_and_stores_its_taxes(agency: Person) -> None:
    item = {
        "description": "Room",
        "quantity": 1,
        "unit_price": "1000.00",
        "currency": "INR",
        "bought_as": "agent",
        "taxes": [{"component": name, "amount": amount} for name, amount in BOTH.items()],
        "input_credit": True,
    }
    given = {
        "vendor_name": "Sea View",
        "vendor_reference": "SV-1",
        "issue_date": "2026-06-10",
        "due_date": "2026-06-10",
        "line_items": [item],
        "instalments": [
            {"due_date": "2026-06-10", "amount": "180.01"},
            {"due_date": "2026-06-25", "amount": "1000.00"},
        ],
        "party_reference": "PO-7",
    }
    shown = agency.does(describe("receive_bill"), given)["document"]
    assert shown["total"] == {"amount": "1180.01", "currency": "INR"}
    assert [row["amount"] for row in shown["rows"]] == ["1000.00", "90.00", "90.01"]
    done = agency.granted("bill.receive").does(carry_out("receive_bill"), given)
    with agency.acting():
        bill = bill_queries.get_bill(UUID(done["bill_id"]))
        assert (bill.total_minor, bill.tax_minor, bill.party_reference) == (118_001, 18_001, "PO-7")
        assert bill.instalment_minors == [18_001, 100_000]
    with pytest.raises(InstalmentsDoNotAddUp):
        agency.does(describe("receive_bill"), given | {"line_items": [item | {"taxes": []}]})
