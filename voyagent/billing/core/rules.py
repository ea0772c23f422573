"""Accounts of billing, modes of payment, and how a document was settled."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, repeat
from typing import Any, Literal, get_args

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money
from voyagent.taxes.rules.numbers import COUNTRY, country_of
from voyagent.taxes.rules.tables import ABROAD, currency_of, is_exempt, recipient_of

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
ADVANCE_TAX = "advance_tax"
"""Key of the account of the tax on advances, which is due on receipt of the money."""
ADVANCES_ACCOUNTS = (*(advances for _documents, advances in CONTROL.values()), CREDITS)
"""Keys of the accounts of the unused amounts of payments."""
NAMED_ACCOUNTS = (*(documents for documents, _advances in CONTROL.values()), CREDITS, CLAIMS)
"""Keys of the accounts in entries of documents whose journal lines name the party."""
BOUGHT = {"cost": "cost_of_services", "agent": "held_for_suppliers"}
"""Key of the account of a bill line, by `bought_as`."""
ACCRUED = "accrued_trip_costs"
"""Key of the account of the cost of services that were given and not billed."""


METHODS = {
    "principal": ("at_start", "at_completion", "by_day"),
    "agent": ("at_booking", "at_service"),
}
"""Methods of recognition, by `applies_to` of a policy.

`principal` is for sales in the agency's own name and their cost, `agent` for the commission on
sales as agent.
"""
FIRST_METHODS = {"principal": "at_start", "agent": "at_booking"}
"""Method of recognition without a policy, by `applies_to` of a policy."""
Parts = Mapping[date, int]
"""Amounts in minor units by the day on which they become revenue or cost, in order of days."""


def is_taxable_advance(payment: Row, tax_number: str | None) -> bool:
    """Return True if GST may be due on the unused amount of a payment.

    `payment` has the columns direction, nature, account and currency. `tax_number` is that of the
    agency. An imported advance was taxed in the earlier books, if at all.
    """
    return (
        country_of(tax_number) == COUNTRY
        and (payment["direction"], payment["nature"]) == ("in", "service")
        and payment["account"] != "opening_balances"
        and payment["currency"] == currency_of(COUNTRY)
    )


def cost_parts(
    minor: int, bought_as: str, first: date | None, last: date | None, method: str | None
) -> dict[date, int]:
    """Divide the cost of a bill line over the days on which it becomes cost.

    `minor` is the cost in minor units. A line without a first day of service and a purchase as
    agent have no parts. The other arguments are those of `parts_of`.
    """
    return {} if first is None or bought_as != "cost" else parts_of(minor, first, last, method)


def revenue_parts(
    minor: int, sold_as: str, first: date | None, last: date | None, method: str | None
) -> dict[date, int]:
    """Divide the revenue of an invoice line over the days on which it is recognised.

    `minor` is the revenue in minor units (`revenue_minor`). A line without a first day of service,
    a fee, and a commission without the method `at_service` have no parts. The other arguments are
    those of `parts_of`.
    """
    is_never = sold_as == "fee" or (sold_as == "agent" and method != "at_service")
    return {} if first is None or is_never else parts_of(minor, first, last, method)


def revenue_minor(sold_as: str, amount_minor: int, commission_minor: int) -> int:
    """Return the revenue of an invoice line in minor units.

    It is the amount of the line, or the commission of a sale as agent.
    """
    return commission_minor if sold_as == "agent" else amount_minor


def share_of(minor: int, part: int, whole: int) -> int:
    """Return `minor` times `part` divided by `whole`, rounded half up."""
    return (2 * minor * part + whole) // (2 * whole)


def parts_of(minor: int, first: date, last: date | None, method: str | None) -> dict[date, int]:
    """Divide an amount over the days on which it becomes revenue or cost.

    The service lasts from `first` to `last`, or one day if `last` is None. `at_start` (also None)
    and `at_booking` have one part on the first day, `at_completion` and `at_service` one on the
    last day. `by_day` has a part on the last service day of each calendar month: of `minor`, in
    minor units, the share of the days up to then, rounded half up, less the parts before.
    """
    end = last or first
    if method != "by_day":
        return {end if method in ("at_completion", "at_service") else first: minor}
    days, before, parts = (end - first).days + 1, 0, {}
    for until in _last_days(first, end):
        so_far = share_of(minor, (until - first).days + 1, days)
        parts[until] = so_far - before
        before = so_far
    return parts


def later_parts(parts: Parts, day: date) -> dict[date, int]:
    """Return the parts after a day that are not zero."""
    return {on: minor for on, minor in parts.items() if on > day and minor}


def by_month(
    amounts: Iterable[tuple[int, Parts]],
    issue_date: date,
    currency: str,
    earlier: Iterable[tuple[date, int]] = (),
) -> dict[date, Money]:
    """Return amounts of a document by the first day of the month to which they belong.

    Each item of `amounts` has an amount in minor units and its parts. Parts after the issue date
    belong to their own months, and the rest to the month of the issue date. `earlier` has pairs of
    a day and an amount in minor units. Such an amount is moved from the month of the issue date to
    the month of its day. Months whose sum is zero are left out.
    """
    found: dict[date, int] = defaultdict(int)
    for minor, parts in amounts:
        later = later_parts(parts, issue_date)
        for day, part in [(issue_date, minor - sum(later.values())), *later.items()]:
            found[day.replace(day=1)] += part
    for day, minor in earlier:
        found[issue_date.replace(day=1)] -= minor
        found[day.replace(day=1)] += minor
    return {month: Money(minor, currency) for month, minor in sorted(found.items()) if minor}


def left_of_parts(
    parts: Parts, credited_minor: int, by_part: Sequence[int] | None
) -> dict[date, int]:
    """Return the parts of a line less the amounts that credits took from them.

    `by_part` has the credited amount of each part, in the order of `parts`. It is None for a line
    with one part; `credited_minor`, the sum of the credits, is then subtracted from that part. All
    amounts are in minor units.
    """
    taken = chain(by_part or [credited_minor], repeat(0))
    return {day: minor - next(taken) for day, minor in parts.items()}


def stored_parts(parts: Parts) -> list[int] | None:
    """Return the parts of a credit to store: None if there is at most one."""
    return list(parts.values()) if len(parts) > 1 else None


def split_parts(minor: int, parts: Parts) -> dict[date, int]:
    """Divide an amount in proportion to the parts that are not credited yet.

    The method is that of largest remainders. `minor` is at most the sum of `parts`, so no part of
    the result is larger than the part from which it is taken.
    """
    if not minor or not any(parts.values()):
        return dict.fromkeys(parts, 0)
    shares = Money(minor, "XXX").split([*parts.values()])  # any currency
    return {day: share.amount_minor for day, share in zip(parts, shares, strict=True)}


def settled_as(
    *, total_minor: int, paid_minor: int, credited_minor: int, written_off_minor: int = 0
) -> SettledAs:
    """Return how a document without an open amount was settled.

    `credited_minor` is the amount of its credit notes, without write-offs. The document is `paid`
    by money alone, `credited` by credit notes alone, and `settled` by both or by a write-off. It is
    `paid_part_credited` if payments settle its whole total and a part was credited as well.
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

    Write-offs are left out. The part that became a credit of the customer is included. `document`
    is a row of the table of invoices or bills.
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
    found = {one for one in treatments if one is not None}
    return bool(found) and all(is_exempt(one) for one in found)


@dataclass(frozen=True, slots=True)
class Supply:
    """The kind of supply that all lines of one document have in common by law.

    `place` is the state code of the place of supply, or None if it is unknown. `treatment` is the
    tax treatment of an export or of a supply to a special economic zone, else None. `is_exempt` is
    true for an exempt sale to a registered customer, who gets a bill of supply of its own.
    """

    place: str | None
    treatment: str | None = None
    is_exempt: bool = False


def place_of_supply(treatment: str | None, own: str | None, of_document: str | None) -> str | None:
    """Return the place of supply of a line, or None if it is unknown.

    It is the line's own place, else that of the document. An export's place is always abroad.
    """
    if treatment is not None and recipient_of(treatment) == "abroad":
        return ABROAD
    return own or of_document


def supplies_of(
    lines: Iterable[tuple[str | None, str | None]], *, is_registered: bool
) -> list[Supply]:
    """Return the supply to which each line of a document belongs.

    `lines` has the tax treatment and the place of supply of each line. A line whose place is
    unknown has the first known one. Lines without a treatment are no supply: they are with the
    first line that has one. `is_registered` is true for a customer with a tax number.
    """
    given = list(lines)
    known = next(
        (place for tax, place in given if tax and place and recipient_of(tax) != "abroad"), None
    )
    found = [
        Supply(
            place or known,
            tax if recipient_of(tax) != "any" else None,
            is_registered and is_exempt(tax),
        )
        if tax
        else None
        for tax, place in given
    ]
    first = next((one for one in found if one), Supply(None))
    return [one or first for one in found]


def plain_quantity(quantity: Decimal) -> str:
    """Return a quantity without zeros at its end, such as `2` or `1.5`."""
    return f"{quantity.normalize():f}"


def wire_quantity(quantity: Decimal) -> int | str:
    """Return a quantity for the API: an integer, or a decimal string such as `1.5`."""
    return int(quantity) if quantity == int(quantity) else plain_quantity(quantity)


def quantity_of(line: Row) -> Decimal:
    """Return the quantity of a document line.

    It is the sum of two columns: `quantity` has the whole number, `quantity_part` the fraction.
    """
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


def _last_days(first: date, end: date) -> Iterator[date]:
    """Yield the last day of a service in each calendar month."""
    until = first - timedelta(days=1)
    while until < end:
        begun = until + timedelta(days=1)
        until = min(begun.replace(day=monthrange(begun.year, begun.month)[1]), end)
        yield until
