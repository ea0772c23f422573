"""Labels of arguments and results."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from voyagent.kernel.text.dates import DateKind

# What a person calls an argument; one that is not here is shown by its own name.
ARGUMENTS: dict[str, Any] = {
    "customer_name": _l("Customer"),
    "issue_date": _l("Issued"),
    "due_date": _l("Due"),
    "line_items": _l("Line"),
    "description": _l("Description"),
    "quantity": _l("Quantity"),
    "unit_price": _l("Unit price"),
    "currency": _l("Currency"),
    "number": _l("Number"),
    "party_reference": _l("Your reference"),
    "notes": _l("Notes"),
    "enquiry_id": _l("Enquiry"),
    "invoice_id": _l("Invoice"),
    "locator": _l("Booking"),
    "tickets": _l("Tickets"),
    "rate_key": _l("Rate"),
    "passenger_ids": _l("Passenger"),
    "passenger_id": _l("Passenger"),
    "trip_id": _l("Trip"),
    "pnr_id": _l("Booking"),
    "booking_id": _l("Booking"),
    "bill_id": _l("Bill"),
    "destination": _l("Destination"),
    "supplier": _l("Supplier"),
    "supplier_ref": _l("Booking number"),
    "receipt": _l("Receipt"),
    "status": _l("Status"),
    "charge": _l("Charge"),
    "amount": _l("Amount"),
    "total_amount": _l("Total"),
    "open_amount": _l("Amount due"),
    "paid_on": _l("Paid on"),
    "written_off_on": _l("Written off on"),
    "reason": _l("Reason"),
    "account": _l("Account"),
    "overdue_only": _l("Overdue only"),
    "issued_from": _l("Issued from"),
    "issued_to": _l("Issued until"),
    "reference": _l("Reference"),
    "party_name": _l("Party"),
    "vendor_name": _l("Supplier"),
    "vendor_reference": _l("Number"),
    "price": _l("Price"),
    "prices": _l("Prices"),
    "locale": _l("Language"),
    "to": _l("E-mail address"),
    "country": _l("Country"),
    "city": _l("City"),
    "check_in": _l("Check-in"),
    "check_out": _l("Check-out"),
    "guests": _l("Guests"),
    "budget_max": _l("Budget"),
    "origin": _l("From"),
    "outbound_date": _l("Departs"),
    "return_date": _l("Returns"),
    "passengers": _l("Passengers"),
    "adult": _l("Adults"),
    "child": _l("Children"),
    "infant": _l("Infants"),
    "senior": _l("Seniors"),
    "cabin": _l("Cabin"),
    "nationality": _l("Nationality"),
    "q": _l("Search"),
    "more_than": _l("More than"),
    "at_least": _l("At least"),
    "overdue_days": _l("Days overdue"),
    "as_of": _l("As of"),
}

# An argument that is one of a few words, each with what a person calls it; one with another value
# is written freely.
CHOICES: dict[str, dict[str, Any]] = {"account": {"bank": _l("Bank"), "cash": _l("Cash")}}

# How the names of amounts end: what stands there is money, and is read and written as such.
AMOUNTS = ("amount", "price", "charge", "debit", "credit", "budget_max")

_DUE = "due_date pay_on"
_BOOKED = (
    "issue_date paid_on entry_date effective_on refunded_on reversed_on voided_on written_off_on"
    " filed_on granted_on period_start period_end issued_from issued_to created_from created_to"
    " as_of exchange_rate.on"
)
DATE_KINDS: dict[str, DateKind] = {
    **dict.fromkeys(_DUE.split(), "due"),
    **dict.fromkeys(_BOOKED.split(), "book"),
    "date_of_birth": "birth",
}
"""The purposes of dates, by the end of their place in the arguments; others are of travel."""


def date_kind(place: str) -> DateKind:
    """The purpose of the date at a place of the arguments, such as `exchange_rate.on`."""
    return next(
        (kind for name, kind in DATE_KINDS.items() if f".{place}".endswith(f".{name}")), "travel"
    )


def argument(name: str) -> str:
    """Return an argument's label, else its name."""
    return str(ARGUMENTS.get(name) or f"{name[:1].upper()}{name[1:]}".replace("_", " "))
