"""Labels of arguments and of results."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext as _l

from voyagent.kernel.text.dates import DateKind

# Labels of arguments; an argument that is not listed is labelled with its own name.
ARGUMENTS: dict[str, Any] = {
    "customer_name": _l("Customer"),
    "issue_date": _l("Issued"),
    "due_date": _l("Due"),
    "line_items": _l("Lines"),
    "description": _l("Description"),
    "quantity": _l("Quantity"),
    "unit": _l("Unit"),
    "unit_price": _l("Unit price"),
    "discount": _l("Discount"),
    "price_includes_tax": _l("Rate includes tax"),
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
    "party_id": _l("Which one"),
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
    "account_id": _l("Account"),
    "at": _l("Time"),
    "basic_fare": _l("Basic fare"),
    "billing_address": _l("Billing address"),
    "budget_amount": _l("Budget"),
    "budget_currency": _l("Currency"),
    "buyer_reference": _l("Your reference"),
    "client_id": _l("Enquiry"),
    "collection": _l("Tax collected at source"),
    "commission": _l("Commission"),
    "sac": _l("SAC"),
    "created_from": _l("Received from"),
    "created_to": _l("Received until"),
    "credit_amount": _l("Credit"),
    "customer_address_id": _l("Address on the invoice"),
    "customer_email": _l("E-mail"),
    "customer_pan": _l("Customer’s PAN"),
    "customer_phone": _l("Phone"),
    "customer_tax_number": _l("Customer’s GSTIN"),
    "date_of_birth": _l("Date of birth"),
    "debit_amount": _l("Debit"),
    "depart_date": _l("Departs"),
    "depart_from": _l("Departs from"),
    "depart_to": _l("Departs until"),
    "direct_only": _l("Non-stop flights only"),
    "due_from": _l("Due from"),
    "due_to": _l("Due until"),
    "entry": _l("Journal entry"),
    "entry_date": _l("Book date"),
    "exchange_rate": _l("Exchange rate"),
    "fare_id": _l("Fare"),
    "full_name": _l("Name"),
    "include_zero": _l("Include accounts without a balance"),
    "instalments": _l("Instalments"),
    "invoice": _l("Invoice"),
    "invoice_number": _l("Invoice number"),
    "kind": _l("Type"),
    "lines": _l("Lines"),
    "narration": _l("Narration"),
    "on": _l("Date"),
    "passport_expiry": _l("Passport expiry"),
    "pax_count": _l("People"),
    "period_end": _l("Last day"),
    "period_start": _l("First day"),
    "place_of_supply": _l("Place of supply"),
    "postal_code": _l("Postal code"),
    "quote": _l("Quoted currency"),
    "base": _l("Base currency"),
    "rate": _l("Rate"),
    "report_id": _l("Report"),
    "service_date": _l("Service date"),
    "service_to": _l("Last day of service"),
    "sold_as": _l("Sale type"),
    "input_credit": _l("Claim input tax"),
    "source": _l("Source"),
    "source_event": _l("Source document"),
    "tax": _l("Tax"),
    "taxes": _l("Tax on the bill"),
    "component": _l("Tax"),
    "bought_as": _l("Purchase type"),
    "vehicle": _l("Vehicle"),
    "cost": _l("Cost"),
    "terms_days": _l("Payment terms in days"),
    "ticket_ids": _l("Tickets"),
}

# Arguments with a fixed set of values, each value with its label. A value that is not listed is
# edited in a text input.
CHOICES: dict[str, dict[str, Any]] = {"account": {"bank": _l("Bank"), "cash": _l("Cash")}}

OPTIONS: dict[str, dict[str, Any]] = {
    "cabin": {
        "economy": _l("Economy"),
        "premium": _l("Premium economy"),
        "business": _l("Business"),
        "first": _l("First"),
    },
    "kind": {
        "adult": _l("Adult"),
        "child": _l("Child"),
        "infant": _l("Infant"),
        "senior": _l("Senior"),
    },
    "locale": {"en": "English", "hi": "हिन्दी"},
    "sold_as": {
        "principal": _l("Own sale"),
        "agent": _l("As agent"),
        "fee": _l("Service fee"),
    },
    "bought_as": {"cost": _l("Our own cost"), "agent": _l("As agent")},
    "tcs": {
        "keep": _l("Keep it: it is deposited"),
        "credit": _l("Credit it: it is not deposited yet"),
    },
    "status": {
        "new": _l("New"),
        "quoted": _l("Quoted"),
        "booked": _l("Booked"),
        "cancelled": _l("Cancelled"),
        "draft": _l("Draft"),
        "issued": _l("Issued"),
        "partially_paid": _l("Partly paid"),
        "paid": _l("Settled"),
        "void": _l("Void"),
        "open": _l("Open"),
        "overdue": _l("Overdue"),
    },
}
"""Labels of values that the forms of capabilities offer, by argument and value."""

# Endings of the names of arguments that are amounts of money.
AMOUNTS = ("amount", "price", "charge", "debit", "credit", "budget_max")

_DUE = "due_date due_from due_to pay_on"
_BOOKED = (
    "issue_date paid_on entry_date effective_on refunded_on reversed_on voided_on written_off_on"
    " filed_on granted_on cancelled_on received_on exchange_rate.on"
)
_PAST = "period_start period_end issued_from issued_to created_from created_to as_of"
DATE_KINDS: dict[str, DateKind] = {
    **dict.fromkeys(_DUE.split(), "due"),
    **dict.fromkeys(_BOOKED.split(), "book"),
    **dict.fromkeys(_PAST.split(), "past"),
    "date_of_birth": "birth",
}
"""Purpose of a date, by the end of its path in the arguments; other dates are travel dates."""


def date_kind(place: str) -> DateKind:
    """Return the purpose of a date among the arguments of an act.

    `place` is its path in the arguments, such as `exchange_rate.on`.
    """
    return next(
        (kind for name, kind in DATE_KINDS.items() if f".{place}".endswith(f".{name}")), "travel"
    )


def argument(name: str, title: str | None = None) -> str:
    """Return the label of an argument.

    The label is `title`, else the usual label of this name, else the name with spaces.
    """
    if title:
        return str(gettext(title))
    words = name.removesuffix("_id").replace("_", " ")
    return str(ARGUMENTS.get(name) or f"{words[:1].upper()}{words[1:]}")


def option(name: str, value: str) -> str:
    """Return the label of an argument's value, or else the value as words."""
    words = {**CHOICES.get(name, {}), **OPTIONS.get(name, {})}
    return str(words.get(value) or f"{value[:1].upper()}{value[1:]}".replace("_", " "))
