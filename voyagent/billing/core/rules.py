"""Accounts of billing, modes of payment, and how a document was settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal, get_args

from voyagent.kernel.database.read_pool import Row

SettledAs = Literal["paid", "credited", "settled", "paid_part_credited"]

Mode = Literal["cash", "cheque", "upi", "neft", "rtgs", "imps", "card", "gateway", "wire", "other"]
MODES: tuple[Mode, ...] = get_args(Mode)
"""Ways in which money is paid."""
CONTROL = {"in": ("receivable", "customer_advances"), "out": ("payable", "supplier_advances")}
"""Keys of the accounts of documents and of advances, by direction of the payment."""
OPEN_ACCOUNTS = tuple(documents for documents, _advances in CONTROL.values())
"""Keys of the accounts of open documents, whose journal lines name the party."""
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


def way_settled(document: Mapping[str, Any]) -> SettledAs | None:
    """Return how an invoice or bill was settled, or None if it is not settled.

    `document` is a row of the table.
    """
    if document["status"] != "paid":
        return None
    written_off_minor = document.get("written_off_minor", 0)
    return settled_as(
        total_minor=document["total_minor"],
        paid_minor=document["paid_minor"],
        credited_minor=document["credited_minor"] - written_off_minor,
        written_off_minor=written_off_minor,
    )


def shown_status(document: Mapping[str, Any]) -> str:
    """Return the status of an invoice or bill as people read it.

    The stored status `paid` only means that nothing is open; it is shown as the way of settling.
    """
    status = str(document["status"])
    return way_settled(document) or ("partly_paid" if status == "partially_paid" else status)


def taxes_by_line(taxes: Iterable[Row]) -> Mapping[int, list[Row]]:
    """Return the taxes of a document by line number, or [] for a line without taxes."""
    found: dict[int, list[Row]] = defaultdict(list)
    for tax in taxes:
        found[tax["line_no"]].append(tax)
    return found
