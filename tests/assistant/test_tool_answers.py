"""Results of tools have the documented keys, and approved acts their effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from tests.assistant.conftest import Talk, of_kind, text
from tests.billing import papers
from tests.enquiries.reading import Page
from tests.ledger import books
from tests.people import Person
from voyagent.assistant.rules import arguments
from voyagent.assistant.rules.moves import Call, Conversation, Done, Move
from voyagent.assistant.service import loop, messages
from voyagent.capabilities import registry
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.absent import NoFlights, NoHotels, NoVisas
from voyagent.enquiries import service as enquiries
from voyagent.kernel import clock
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.service import chart

FAR = date(2200, 12, 31)


class Calling:
    """A planner that calls one tool."""

    def __init__(self, tool: str, arguments: dict[str, Any]) -> None:
        self._call = Call(tool, arguments)

    def next_move(self, conversation: Conversation, *_tell: object) -> Move:
        return Done() if conversation.played or conversation.decision else self._call


@pytest.fixture
def use(talk: Talk, app: Flask, alice: Person) -> Callable[..., dict[str, Any]]:
    """Call a tool in Alice's conversation and return its result or the proposal."""
    session_id = talk.begin(alice)

    def using(tool: str, **arguments: Any) -> dict[str, Any]:
        with alice.acting() as actor:
            reply = messages.send(actor, session_id, message="go")
        assert reply.turn_id is not None
        with app.app_context():
            loop.run(alice.actor.tenant_id, reply.turn_id, Calling(tool, arguments))
        events = [
            event for event in talk.events(alice, session_id) if event["turn_id"] == reply.turn_id
        ]
        proposed = of_kind(events, "approval_request")
        if not proposed:
            return of_kind(events, "tool_result")[0]["tool_output"]  # type: ignore[no-any-return]
        talk.decide(alice, proposed[0]["approval_id"])
        result = [
            event
            for event in of_kind(talk.events(alice, session_id), "tool_result")
            if event["tool_call_id"] == proposed[0]["tool_call_id"]
        ]
        return {**result[-1]["tool_output"], "asked": proposed[0]["approval_summary"]}

    return using


def test_a_receipt_is_proposed_approved_and_posted(use: Any, alice: Person) -> None:
    invoice_id = papers.issued(alice)
    found = use("find_invoices", status="open", customer_name="deepa")
    assert [(row["id"], row["open"]["amount"]) for row in found["invoices"]] == [
        (str(invoice_id), "45000.00")
    ]
    result = use(
        "record_receipt",
        invoice_id=str(invoice_id),
        amount="20000",
        currency="INR",
        paid_on="2024-06-20",
        reference="UTR 9",
    )
    assert "Deepa Krishnan" in result["asked"]
    assert "INR 20,000.00" in result["asked"]
    assert (result["recorded"], result["open_amount"], result["status"]) == (
        True,
        "25000.00",
        "partially_paid",
    )
    assert papers.seen(alice, invoice_id)["paid_minor"] == 2_000_000
    assert set(result) - {"asked"} == registry.get("record_receipt").output


def test_a_write_off_is_proposed_approved_and_posted(use: Any, alice: Person) -> None:
    invoice_id = papers.issued(alice)
    result = use(
        "write_off_invoice",
        invoice_id=str(invoice_id),
        reason="Cannot be traced",
        amount="1000",
        currency="INR",
        written_off_on="2024-06-25",
    )
    assert (
        result["asked"]
        == "Write off the balance of Deepa Krishnan on invoice 2024-25/000001, INR 1,000.00"
    )
    assert (result["written_off"], result["amount"], result["open_amount"], result["status"]) == (
        True,
        "1000.00",
        "44000.00",
        "issued",
    )
    assert set(result) - {"asked"} == registry.get("write_off_invoice").output
    rest = use("write_off_invoice", invoice_id=str(invoice_id), reason="Cannot be traced")
    assert (rest["amount"], rest["open_amount"], rest["status"]) == ("44000.00", "0.00", "paid")


def test_overdue_days_and_issue_dates_are_answered(use: Any, alice: Person) -> None:
    papers.issued(alice)
    [invoice] = use("find_invoices", status="open")["invoices"]
    due, issued = date.fromisoformat(invoice["due_date"]), date.fromisoformat(invoice["issue_date"])
    on = (due + timedelta(days=60)).isoformat()
    assert [
        one["name"] for one in use("list_receivables", as_of=on, overdue_days=60)["customers"]
    ] == ["Deepa Krishnan"]
    assert use("list_receivables", as_of=on, overdue_days=61)["customers"] == []
    assert (
        use("find_invoices", issued_from=issued.isoformat(), issued_to=issued.isoformat())["count"]
        == 1
    )
    assert use("find_invoices", issued_from=(issued + timedelta(days=1)).isoformat())["count"] == 0
    assert use("find_invoices", issued_to=(issued - timedelta(days=1)).isoformat())["count"] == 0


def test_cash_is_posted_to_the_cash_account(use: Any, alice: Person) -> None:
    invoice_id = papers.issued(alice)
    use(
        "record_receipt",
        invoice_id=str(invoice_id),
        amount="20000",
        currency="INR",
        paid_on="2024-06-20",
        account=" Cash",
    )
    line = {"description": "Settlement", "quantity": 1, "unit_price": "8000", "currency": "INR"}
    bill = use(
        "receive_bill",
        vendor_name="BSP India",
        vendor_reference="B-7",
        issue_date="2024-06-10",
        due_date="2024-06-25",
        line_items=[line],
    )
    use(
        "pay_bill",
        bill_id=bill["bill_id"],
        amount="8000",
        currency="INR",
        paid_on="2024-06-25",
        account="cash",
    )
    with alice.reading() as reader:
        moved = {
            row["code"]: (row["debit_minor"], row["credit_minor"])
            for row in trial_balance_rows(reader, FAR)
        }
    assert moved["1010"] == (2_000_000, 800_000)
    assert "1100" not in moved


def test_the_assistant_offers_no_archived_account(use: Any, alice: Person) -> None:
    before = use("list_ledger_accounts")
    archived = alice.does(
        lambda actor: chart.add_account(actor, code="5810", name="Postage", account_type="expense")
    )
    assert use("list_ledger_accounts")["count"] == before["count"] + 1
    alice.does(lambda actor: chart.change_account(actor, archived, {"is_archived": True}).id)
    assert use("list_ledger_accounts") == before


def test_money_accounts_are_bank_and_cash_only() -> None:
    paid = {
        "invoice_id": "0190a0a0-0000-7000-8000-000000000001",
        "amount": "1",
        "currency": "INR",
        "paid_on": "2024-06-20",
    }
    assert arguments.read(registry.get("record_receipt"), paid).account == "bank"  # type: ignore[attr-defined]
    with pytest.raises(arguments.ArgumentsRefused):
        arguments.read(registry.get("record_receipt"), {**paid, "account": "1300"})


def test_a_bill_is_entered_listed_and_paid(use: Any) -> None:
    line = {"description": "Settlement", "quantity": 1, "unit_price": "8000", "currency": "INR"}
    result = use(
        "receive_bill",
        vendor_name="BSP India",
        vendor_reference="B-7",
        issue_date="2024-06-10",
        due_date="2024-06-25",
        line_items=[line],
    )
    assert (result["received"], result["total_amount"]) == (True, "8000.00")
    assert set(result) - {"asked"} == registry.get("receive_bill").output
    owed = use("list_payables", vendor_name="bsp")
    assert owed["suppliers"] == [
        {
            "name": "BSP India",
            "amount": "8000.00",
            "overdue": "8000.00",
            "currency": "INR",
            "bills": 1,
        }
    ]
    bills = use("find_bills", vendor_reference="b-7")
    assert [(row["id"], row["open"]["amount"]) for row in bills["bills"]] == [
        (result["bill_id"], "8000.00")
    ]
    on_its_day, later = (
        {"due_from": "2024-06-25", "due_to": "2024-06-25"},
        {"due_from": "2024-06-26"},
    )
    assert [
        use("find_bills", **days)["count"] for days in (on_its_day, {"due_to": "2024-06-24"}, later)
    ] == [1, 0, 0]
    paid = use(
        "pay_bill", bill_id=result["bill_id"], amount="8000", currency="INR", paid_on="2024-06-25"
    )
    assert (paid["paid"], paid["status"], paid["open_amount"]) == (True, "paid", "0.00")
    assert set(paid) - {"asked"} == registry.get("pay_bill").output
    assert use("list_payables")["count"] == 0


def test_a_journal_entry_is_posted_only_after_approval(use: Any, alice: Person) -> None:
    bank, cash = (str(books.account_id(alice, purpose)) for purpose in ("bank", "cash"))
    lines = [
        {"account_id": cash, "currency": "INR", "debit_amount": "500"},
        {"account_id": bank, "currency": "INR", "credit_amount": "500"},
    ]
    result = use("post_journal_entry", entry={"narration": "Petty cash", "lines": lines})
    assert result["asked"] == "Post a journal entry: Petty cash, INR 500.00"
    assert set(result) - {"asked"} == {"posted", "journal_id"}
    with alice.reading() as reader:
        assert sorted(
            (row["code"], row["debit_minor"], row["credit_minor"])
            for row in trial_balance_rows(reader, FAR)
        ) == [
            ("1010", 50_000, 0),
            ("1100", 0, 50_000),
        ]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([{"debit_amount": "500"}], "invalid_arguments"),
        (
            [{"debit_amount": "500"}, {"debit_amount": "5", "credit_amount": "5"}],
            "invalid_arguments",
        ),
        ([{"debit_amount": "500"}, {"credit_amount": "400"}], "journal_entry_unbalanced"),
    ],
)
def test_an_unbalanced_entry_is_not_proposed(
    use: Any, alice: Person, lines: list[dict[str, str]], code: str
) -> None:
    account = {"account_id": str(books.account_id(alice, "bank")), "currency": "INR"}
    assert (
        use(
            "post_journal_entry",
            entry={"narration": "No", "lines": [account | line for line in lines]},
        )["error"]
        == code
    )


def test_the_conversations_trip_is_created_shown_and_read_as_an_itinerary(use: Any) -> None:
    assert use("show_trip")["error"] == "trip_not_found"
    added = use("add_passenger", full_name="Deepa Krishnan", nationality="IN")
    assert set(added) == registry.get("add_passenger").output
    use("add_passenger", full_name="Ravi Menon", kind="child")
    ride = use(
        "add_transfer",
        on="2027-01-10",
        at="09:30",
        origin="Dubai airport",
        destination="Hotel Atlantis",
        price="2500",
    )
    assert (ride["added"], ride["price"]) == (True, {"amount": "2500.00", "currency": "INR"})
    assert use("remove_passenger", full_name="ravi")["removed"] is True
    shown = use("show_trip")
    assert [one["full_name"] for one in shown["passengers"]] == ["Deepa Krishnan"]
    assert [(line["kind"], line["status"]) for line in shown["lines"]] == [("transfer", "planned")]
    assert set(shown) == registry.get("show_trip").output
    itinerary = use("read_itinerary")
    assert itinerary["transfers"][0]["at"] == "09:30"
    assert itinerary["totals"] == [{"amount": "2500.00", "currency": "INR"}]
    assert set(itinerary) == registry.get("read_itinerary").output


def test_a_passport_number_is_not_read_from_a_message(use: Any) -> None:
    assert (
        use("add_passenger", full_name="Deepa Krishnan", passport_number="Z1234567")["error"]
        == "invalid_arguments"
    )


def test_an_enquiry_is_changed_by_the_rules_of_its_service(use: Any, alice: Person) -> None:
    with alice.acting() as actor:
        enquiry_id = str(
            enquiries.create(actor, customer_name="Deepa Krishnan", destination="Dubai").id
        )
    result = use("update_enquiry", enquiry_id=enquiry_id, status="quoted", pax_count=3)
    assert (
        result["enquiry"]["status"],
        result["enquiry"]["pax_count"],
        result["enquiry"]["destination"],
        result["fields"],
    ) == (
        "quoted",
        3,
        "Dubai",
        ["pax_count", "status"],
    )
    assert use("update_enquiry", enquiry_id=enquiry_id, pax_count=0)["error"] == "invalid_pax_count"


def test_an_unsupported_act_has_the_output_of_the_contract(use: Any) -> None:
    result = use(
        "fetch_bsp_statement", country="IN", period_start="2026-11-01", period_end="2026-11-07"
    )
    assert (result["fetched"], result["reason"]) == (False, "capability_not_supported")
    assert result["detail"]


def test_a_flight_is_searched_held_and_read(use: Any) -> None:
    day = (clock.today("Asia/Kolkata") + timedelta(days=40)).isoformat()
    found = use(
        "search_flights",
        origin="BOM",
        destination="DXB",
        outbound_date=day,
        passengers={"adult": 1},
    )
    assert 1 <= found["count"] <= 20
    assert {"fare_id", "source", "source_ref", "price", "valid_until"} <= set(found["fares"][0])
    use("add_passenger", full_name="Deepa Krishnan", date_of_birth="1990-05-12")
    held = use("hold_flight", fare_id=found["fares"][0]["fare_id"])
    assert held["held"] is True
    assert set(held) == registry.get("hold_flight").output
    again = use("hold_flight", fare_id=found["fares"][0]["fare_id"])
    assert again["pnr_id"] == held["pnr_id"]
    pnr = use("read_pnr", locator=held["locator"])
    assert (pnr["status"], pnr["passengers"], pnr["tickets"]) == ("held", 1, 0)
    assert set(pnr) == registry.get("read_pnr").output
    assert next(line["status"] for line in use("show_trip")["lines"]) == "held"


def test_a_fare_above_the_enquirys_budget_says_so_when_it_is_found_held_and_to_be_paid(
    talk: Talk, alice: Person, bob: Person
) -> None:
    day = clock.today("Asia/Kolkata") + timedelta(days=40)
    session_id = talk.begin(bob)
    talk.ask(
        bob, session_id, "new enquiry from Deepa Krishnan: Mumbai to Dubai, 1 adult, budget 2,000"
    )
    search = f"search flights from Mumbai to Dubai on {day:%d %b %Y} for 1 adult"
    assert "above the budget of INR 2,000.00" in text(talk.say(bob, session_id, search))
    talk.ask(bob, session_id, "add passenger Deepa Krishnan, born 12 May 1990")
    held = text(talk.ask(bob, session_id, "hold the first one"))
    assert "above the budget of INR 2,000.00" in held
    talk.ask(bob, session_id, "issue the ticket")
    assert (
        "Above the budget of INR 2,000.00"
        in Page(
            alice.tab.get(f"/approvals/{talk.pending(bob, session_id)[0]['approval_id']}")
        ).words()
    )
    talk.ask(bob, session_id, "change the budget of this enquiry to 9 lakh")
    assert "budget of" not in text(talk.say(bob, session_id, search))


def test_a_fare_whose_price_changed_is_returned_and_can_be_held(use: Any) -> None:
    day = (clock.today("Asia/Kolkata") + timedelta(days=40)).isoformat()
    fare = use(
        "search_flights",
        origin="BOM",
        destination="DXB",
        outbound_date=day,
        passengers={"adult": 1},
    )["fares"][0]
    use("add_passenger", full_name="Test Pricechange", date_of_birth="1990-05-12")
    refused = use("hold_flight", fare_id=fare["fare_id"])
    assert (refused["held"], refused["reason"]) == (False, "price_changed")
    assert refused["fare"]["flights"] == fare["flights"]
    assert Decimal(refused["fare"]["price"]["amount"]) > Decimal(fare["price"]["amount"])
    assert use("hold_flight", fare_id=refused["fare"]["fare_id"])["held"] is True


def test_hotels_are_searched_and_a_rate_is_checked_again(use: Any) -> None:
    first = clock.today("Asia/Kolkata") + timedelta(days=40)
    stay = {
        "check_in": first.isoformat(),
        "check_out": (first + timedelta(days=3)).isoformat(),
        "guests": 2,
    }
    found = use("search_hotels", country="AE", city="Dubai", **stay)
    assert 1 <= found["count"] <= 20
    rate = use("check_hotel_rate", rate_key=found["results"][0]["rate_key"])
    assert rate["checked"] is True
    assert set(rate) == registry.get("check_hotel_rate").output


def test_visa_requirements_are_read_with_their_source(use: Any) -> None:
    result = use("visa_requirements", nationality="IN", destination="TH")
    assert set(result) == registry.get("visa_requirements").output
    assert result["source"]


def test_without_suppliers_the_output_is_that_of_the_contract(
    use: Any, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = Suppliers(flights=NoFlights(), hotels=NoHotels(), visas=NoVisas())
    monkeypatch.setitem(app.extensions, "voyagent.suppliers", nobody)
    result = use(
        "search_flights",
        origin="BOM",
        destination="DXB",
        outbound_date="2100-01-10",
        passengers={"adult": 1},
    )
    assert (result["searched"], result["reason"]) == (False, "capability_not_supported")
    result = use("visa_requirements", nationality="IN", destination="TH")
    assert (result["read"], result["reason"]) == (False, "capability_not_supported")
