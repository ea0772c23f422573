"""Accounts of billing, modes of payment, and how a document was settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from voyagent.kernel.database.read_pool import Row
from voyagent.taxes.rules.tables import EXEMPT, is_taxable

SettledAs = Literal["paid", "credited", "settled", "paid_part_credited"]

Mode = Literal["cash", "cheque", "upi", "neft", "rtgs", "imps", "card", "gateway", "wire", "other"]
MODES: tuple[Mode, ...] = get_args(Mode)
"""Ways in which money is paid."""
CONTROL = {"in": ("receivable", "customer_advances"), "out": ("payable", "supplier_advances")}
"""Keys of the accounts of documents and of advances, by direction of the payment."""
CREDITS = "customer_credits"
"""Key of the account of credits of customers, which the agency must refund on demand."""
CLAIMS = "supplier_claims"
"""Key of the account of refunds that suppliers owe."""
ADVANCES_ACCOUNTS = (*(advances for _documents, advances in CONTROL.values()), CREDITS)
"""Keys of the accounts of the unused amounts of payments."""
NAMED_ACCOUNTS = (*(documents for documents, _advances in CONTROL.values()), CREDITS, CLAIMS)
"""Keys of the accounts in entries of documents whose journal lines name the party."""
BOUGHT = {"cost": "cost_of_services", "agent": "held_for_suppliers"}
"""Key of the account of a bill line, by `bought_as`."""


def prepaid_until(bought_as: str, service_date: date | None, day: date) -> date | None:
    """Return the service date of a bill line that is prepaid on a day, else None.

    The agency's own cost is prepaid before the service date. A purchase as agent is no cost.
    """
    is_later = service_date is not None and service_date > day
    return service_date if bought_as == "cost" and is_later else None


def settled_as(
    *, total_minor: int, paid_minor: int, credited_minor: int, written_off_minor: int = 0
) -> SettledAs:
    """Return how a document without an open amount was settled.

    `credited_minor` is the amount of its credit notes, without write-offs. The document is `paid`
    by money alone, `credited` by credit notes alone, and `settled` by both or by a write-off. It is
    `paid_part_credited` if its whole total was paid and a part was credited besides.
    """
    if written_off_minor:
        return "settled"
    if not credited_minor:
        return "paid"
    if not paid_minor:
        return "credited"
    return "paid_part_credited" if paid_minor >= total_minor else "settled"


def credited_minor_of(document: Mapping[str, Any]) -> int:
    """Return the amount of the credit notes on a document, in minor units.

    Write-offs are left out, and what became a credit of the customer counts. `document` is a row of
    the table of invoices or bills.
    """
    written_off_minor: int = document.get("written_off_minor", 0)
    excess_minor: int = document.get("excess_minor", 0)
    return int(document["credited_minor"]) - written_off_minor + excess_minor


def way_settled(document: Mapping[str, Any]) -> SettledAs | None:
    """Return how an invoice or bill was settled, or None if it is not settled.

    `document` is a row of the table.
    """
    if document["status"] != "paid":
        return None
    return settled_as(
        total_minor=document["total_minor"],
        paid_minor=document["paid_minor"],
        credited_minor=credited_minor_of(document),
        written_off_minor=document.get("written_off_minor", 0),
    )


def shown_status(document: Mapping[str, Any]) -> str:
    """Return the status of an invoice or bill as people read it.

    The stored status `paid` only means that nothing is open; it is shown as the way of settling.
    """
    status = str(document["status"])
    return way_settled(document) or ("partly_paid" if status == "partially_paid" else status)


def is_bill_of_supply(treatments: Iterable[str | None]) -> bool:
    """Return True if lines of these tax treatments make a bill of supply.

    It has exempt or nil rated lines and no taxable one (Rule 49 of the CGST Rules).
    """
    found = set(treatments)
    return EXEMPT in found and not any(is_taxable(one) for one in found)


def plain_quantity(quantity: Decimal) -> str:
    """Return a quantity without zeros at its end, such as `2` or `1.5`."""
    return f"{quantity.normalize():f}"


def wire_quantity(quantity: Decimal) -> int | str:
    """Return a quantity for the API: an integer, or a decimal string such as `1.5`."""
    return int(quantity) if quantity == int(quantity) else plain_quantity(quantity)


def quantity_of(line: Row) -> Decimal:
    """Return the quantity of a document line, of which two columns have a part each."""
    found: Decimal = line["quantity"] + line["quantity_part"]
    return found


def includes_tax(line: Row) -> bool:
    """Return True if the unit price of a document line includes its taxes."""
    return line["included_tax_minor"] is not None


def quantity_words(line: Row) -> str:
    """Return the quantity of a document line with its unit, such as `1.5 nights`."""
    return " ".join(filter(None, (plain_quantity(quantity_of(line)), line["unit"])))


def taxes_by_line(taxes: Iterable[Row]) -> Mapping[int, list[Row]]:
    """Return the taxes of a document by line number, or [] for a line without taxes."""
    found: dict[int, list[Row]] = defaultdict(list)
    for tax in taxes:
        found[tax["line_no"]].append(tax)
    return found
