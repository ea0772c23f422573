"""The tools equal the table of the API contract (section 17) and our own table."""

from __future__ import annotations

from typing import Any

import pytest

from voyagent.approvals.service import effects
from voyagent.capabilities import registry
from voyagent.capabilities.capability import Capability

TICKETING = {"ticketing_lead", "agency_admin"}
ACCOUNTANTS = {"accounting_lead", "agency_admin"}
WRITERS = {"agency_admin", "ticketing_lead", "accounting_lead", "agent"}
BSP = {"reason", "detail"}  # no driver of ours reads settlement plans
PAYMENT = {"amount", "currency", "paid_on", "reference"}
INVOICED = {"invoice_id", "number", "total_amount", "currency", "status"}

# name, desk, input keys (required, optional), letters of S R A, who grants, output keys that must
# be there
TABLE: list[tuple[str, str, set[str], set[str], str, set[str], set[str]]] = [
    ("list_ledger_accounts", "accounting", set(), set(), "R", set(), {"count", "accounts"}),
    (
        "post_journal_entry",
        "accounting",
        {"entry"},
        set(),
        "SA",
        ACCOUNTANTS,
        {"posted", "journal_id"},
    ),
    (
        "draft_invoice",
        "accounting",
        {"customer_name", "issue_date", "line_items"},
        {
            "due_date",
            "terms_days",
            "instalments",
            "number",
            "party_reference",
            "notes",
            "enquiry_id",
            "trip_id",
            "place_of_supply",
            "customer_tax_number",
            "customer_pan",
            "customer_address_id",
            "exchange_rate",
            "party_id",
        },
        "SRA",
        ACCOUNTANTS,
        INVOICED | {"drafted"},
    ),
    (
        "create_invoice",
        "accounting",
        {"invoice"},
        set(),
        "SRA",
        ACCOUNTANTS,
        INVOICED | {"created", "invoice_number"},
    ),
    (
        "fetch_bsp_statement",
        "accounting",
        {"country", "period_start", "period_end"},
        set(),
        "R",
        set(),
        BSP | {"fetched"},
    ),
    (
        "reconcile_bsp",
        "accounting",
        {"report_id"},
        {"ticket_ids"},
        "R",
        set(),
        BSP | {"reconciled"},
    ),
    (
        "read_account_balance",
        "accounting",
        {"account_id"},
        {"as_of"},
        "R",
        set(),
        {"read", "balance", "currency"},
    ),
    (
        "search_flights",
        "ticketing_visa",
        {"origin", "destination", "outbound_date", "passengers"},
        {"return_date", "cabin", "direct_only"},
        "R",
        set(),
        {"count", "fares"},
    ),
    ("issue_ticket", "ticketing_visa", {"pnr_id"}, set(), "SA", TICKETING, {"issued", "tickets"}),
    (
        "book_hotel",
        "hotels_holidays",
        {"rate_key", "passenger_ids"},
        {"buyer_reference"},
        "SRA",
        TICKETING,
        {"booked", "booking_id", "supplier", "supplier_ref", "status"},
    ),
    (
        "cancel_hotel_booking",
        "hotels_holidays",
        {"booking_id"},
        set(),
        "SA",
        TICKETING,
        {"cancelled", "booking_id", "status"},
    ),
    (
        "file_visa",
        "ticketing_visa",
        {"passenger_id", "destination"},
        set(),
        "SA",
        TICKETING,
        {"filed", "receipt", "status"},
    ),
    (
        "read_pnr",
        "ticketing_visa",
        {"locator"},
        set(),
        "R",
        set(),
        {"pnr_id", "locator", "source", "status"},
    ),
    (
        "search_hotels",
        "hotels_holidays",
        {"country", "city", "check_in", "check_out", "guests"},
        {"currency", "budget_max"},
        "R",
        set(),
        {"count", "results"},
    ),
    (
        "check_hotel_rate",
        "hotels_holidays",
        {"rate_key"},
        set(),
        "R",
        set(),
        {"checked", "rate_key", "price", "is_refundable", "board_basis"},
    ),
    (
        "read_hotel_booking",
        "hotels_holidays",
        {"booking_id"},
        set(),
        "R",
        set(),
        {"read", "booking_id", "status"},
    ),
    # Beside the contract's
    (
        "hold_flight",
        "ticketing_visa",
        {"fare_id"},
        {"trip_id", "passenger_ids"},
        "SR",
        set(),
        {"held", "pnr_id", "locator", "expires_at"},
    ),
    (
        "release_flight",
        "ticketing_visa",
        {"pnr_id"},
        set(),
        "SR",
        set(),
        {"released", "pnr_id", "locator", "withdrawn"},
    ),
    (
        "visa_requirements",
        "ticketing_visa",
        {"nationality", "destination"},
        set(),
        "R",
        set(),
        {"kind", "checklist", "fee", "source"},
    ),
    (
        "issue_invoice",
        "accounting",
        {"invoice_id"},
        {"out_of_order_reason", "over_limit_reason"},
        "SRA",
        ACCOUNTANTS,
        INVOICED | {"issued"},
    ),
    (
        "record_receipt",
        "accounting",
        {"invoice_id", "amount", "currency", "paid_on"},
        {
            *("reference", "account", "over_cash_limit_reason"),
            *("fee", "taxes", "deduction_reason"),
        },
        "SRA",
        ACCOUNTANTS,
        {"recorded", "payment_id"},
    ),
    (
        "write_off_invoice",
        "accounting",
        {"invoice_id", "reason"},
        {"amount", "currency", "written_off_on"},
        "SRA",
        ACCOUNTANTS,
        {"written_off", "open_amount"},
    ),
    (
        "cancel_sale",
        "accounting",
        {"invoice_id", "reason"},
        {
            *("kept", "fee", "fee_tax", "currency", "cancelled_on", "tcs", "pays_back", "account"),
            "out_of_order_reason",
        },
        "SA",
        ACCOUNTANTS,
        {"cancelled", "cancellation_id", "open_amount"},
    ),
    (
        "record_supplier_refund",
        "accounting",
        {"claim_id"},
        {
            *("amount", "received_on", "give_up_rest", "bank_account_id", "reference"),
            *("money_amount", "money_currency"),
        },
        "SRA",
        ACCOUNTANTS,
        {"received", "claim_receipt_id", "open_amount"},
    ),
    (
        "pay_bill",
        "accounting",
        {"bill_id", "amount", "currency", "paid_on"},
        {"reference", "account"},
        "SRA",
        ACCOUNTANTS,
        {"paid", "payment_id"},
    ),
    (
        "receive_bill",
        "accounting",
        {"vendor_name", "vendor_reference", "issue_date", "due_date", "line_items"},
        {
            *("instalments", "party_reference", "notes", "trip_id", "exchange_rate"),
            *("input_tax_reason", "party_id"),
        },
        "SRA",
        ACCOUNTANTS,
        {"received", "bill_id"},
    ),
    (
        "find_invoices",
        "accounting",
        set(),
        {"status", "customer_name", "number", "issued_from", "issued_to", "trip_id"},
        "R",
        set(),
        {"count", "invoices"},
    ),
    (
        "show_taxes",
        "accounting",
        set(),
        {"number", "customer_name"},
        "R",
        set(),
        {"count", "invoices"},
    ),
    (
        "find_bills",
        "accounting",
        set(),
        {"vendor_name", "vendor_reference", "due_from", "due_to"},
        "R",
        set(),
        {"count", "bills"},
    ),
    (
        "list_receivables",
        "accounting",
        set(),
        {
            "as_of",
            "customer_name",
            "more_than",
            "at_least",
            "currency",
            "overdue_only",
            "overdue_days",
            "issued_from",
            "issued_to",
        },
        "R",
        set(),
        {"count", "customers", "totals"},
    ),
    (
        "list_payables",
        "accounting",
        set(),
        {
            "as_of",
            "vendor_name",
            "more_than",
            "at_least",
            "currency",
            "overdue_only",
            "overdue_days",
            "issued_from",
            "issued_to",
        },
        "R",
        set(),
        {"count", "suppliers", "totals"},
    ),
    (
        "trial_balance",
        "accounting",
        set(),
        {"as_of", "include_zero"},
        "R",
        set(),
        {"as_of", "count", "accounts", "totals"},
    ),
    (
        "show_trip",
        "hotels_holidays",
        set(),
        {"trip_id"},
        "R",
        set(),
        {"trip_id", "passengers", "lines", "totals", "findings"},
    ),
    (
        "read_itinerary",
        "hotels_holidays",
        set(),
        {"trip_id"},
        "R",
        set(),
        {"passengers", "flights", "hotels", "transfers", "visas", "totals"},
    ),
    (
        "add_passenger",
        "hotels_holidays",
        {"full_name"},
        {"trip_id", "kind", "date_of_birth", "nationality", "passport_expiry"},
        "SR",
        set(),
        {"added", "passenger_id"},
    ),
    ("remove_passenger", "hotels_holidays", {"full_name"}, {"trip_id"}, "SR", set(), {"removed"}),
    (
        "send_itinerary",
        "hotels_holidays",
        {"trip_id", "to"},
        {"locale", "prices"},
        "SA",
        WRITERS,
        {"sent", "trip_id", "to"},
    ),
    (
        "add_transfer",
        "hotels_holidays",
        {"on", "origin", "destination"},
        {
            "trip_id",
            "at",
            "vehicle",
            "notes",
            "supplier",
            "supplier_ref",
            "cost",
            "price",
            "currency",
        },
        "SR",
        set(),
        {"added", "line_id"},
    ),
]
CLASSES = {"R": "never", "SR": "review", "SRA": "required", "SA": "required"}


def keys(tool: Capability[Any]) -> tuple[set[str], set[str]]:
    schema: dict[str, Any] = tool.input.model_json_schema()
    required = set(schema.get("required", ()))
    return required, set(schema.get("properties", {})) - required


@pytest.mark.parametrize(
    ("name", "desk", "required", "optional", "letters", "approvers", "output"),
    TABLE,
    ids=[row[0] for row in TABLE],
)
def test_a_tool_equals_its_row_of_the_table(
    name: str,
    desk: str,
    required: set[str],
    optional: set[str],
    letters: str,
    approvers: set[str],
    output: set[str],
) -> None:
    tool = registry.get(name)
    assert tool.area in (desk, "everywhere")
    assert keys(tool) == (required, optional)
    assert tool.input.model_config.get("extra") == "forbid"
    assert (tool.writes, tool.undoable, tool.approval == "required") == (
        "S" in letters,
        "R" in letters,
        "A" in letters,
    )
    assert tool.approval == CLASSES[letters]
    effect = effects.find(name)
    assert (set(effect.approver_roles) if effect else set()) == approvers
    assert output <= tool.output


def test_a_created_invoice_states_customer_number_and_address() -> None:
    schema: dict[str, Any] = registry.get("create_invoice").input.model_json_schema()["$defs"][
        "InvoiceIn"
    ]
    assert set(schema["required"]) == {
        "invoice_number",
        "client_id",
        "issue_date",
        "currency",
        "lines",
        "billing_address",
    }
    assert schema["properties"]["lines"]["minItems"] == 1


def test_irreversible_acts_and_acts_with_an_effect_need_approval() -> None:
    for tool in registry.every():
        assert tool.undoable or tool.approval == "required"
        assert (effects.find(tool.name) is not None) == tool.may_propose
