"""A document as a spreadsheet: the API response as flat rows with numeric amounts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from voyagent.http.documents import facts_of, is_amount
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money
from voyagent.kernel.sheets import HEAD, LINE, ROW, TOTAL, Cell, Sheet

COLUMNS = (
    ROW,
    "line_no",
    "item",
    "text",
    "day",
    "day_to",
    "quantity",
    "unit",
    "unit_price",
    "price_includes_tax",
    "place_of_supply",
    "percent",
    "taxable_amount",
    "currency",
    "amount",
)
_WORDS: dict[bool | None, str] = {True: "yes", False: "no"}
_PLACED = ("unit_price", "taxable_amount", "amount")


class Part(NamedTuple):
    """Rule by which one list of the API response becomes rows of the spreadsheet.

    `row` labels the rows. `item`, `text` and `day` are the keys of the values that fill the columns
    `item`, `text` and `day`. For the list `payments`, for example, the column `item` has the
    `reference` of each payment, and the column `day` has its `paid_on`; `day_to` is the last day
    of the service of a line. If `text` has several keys,
    the first key that the list element has is used.
    """

    row: str
    item: str = ""
    text: tuple[str, ...] = ()
    day: str = ""


PARTS = {
    "line_items": Part(LINE, "description", ("sold_as", "bought_as"), "service_date"),
    "lines": Part(LINE, "description"),
    "taxes": Part("tax", "component"),
    "matches": Part("match", "service", ("trip_title",)),
    "payments": Part("payment", "reference", day="paid_on"),
    "instalments": Part("instalment", day="due_date"),
    "credit_notes": Part("credit_note", "number", ("reason",), "issue_date"),
    "debit_notes": Part("debit_note", "number", ("status",), "issue_date"),
    "credits": Part("supplier_credit", "vendor_reference", ("reason",), "issue_date"),
    "write_offs": Part("write_off", "reason", day="effective_on"),
    "allocations": Part("allocation", "document_reference", day="effective_on"),
    "uses": Part("use", "number", day="used_on"),
    "refunds": Part("refund", "number", ("reference",), "refunded_on"),
    "recognitions": Part("recognition", day="recognised_on"),
}


def sheet_of(name: str, members: Row) -> Sheet:
    """Return a sheet with the single values, lists and totals of an API response.

    `name` is the name of the file. `members` are the members of the response.
    """
    currency = members["currency"]
    rows = [_cells(HEAD, item=item, text=text, day=day) for item, text, day in facts_of(members)]
    for member, part in PARTS.items():
        for number, one in enumerate(members.get(member, ()), start=1):
            rows += _rows(part, one, one.get("line_no", number), currency)
    rows += [
        _cells(TOTAL, item=member, amount=Money.parse(members[member], currency))
        for member in members
        if is_amount(member) and members[member] is not None
    ]
    return Sheet(name, COLUMNS, rows)


def _rows(part: Part, one: Row, number: int, currency: str) -> Iterator[list[Cell]]:
    amounts = {
        member: _money(one, member, currency)
        for member in one
        if is_amount(member) and one[member] is not None
    }
    row = f"{part.row}.reversed" if one.get("reversed_on") else part.row
    yield _cells(
        row,
        line_no=number,
        item=one.get(part.item),
        text=next((one[member] for member in part.text if member in one), None),
        day=one.get(part.day),
        day_to=one.get("service_to"),
        quantity=Decimal(one["quantity"]) if "quantity" in one else None,
        unit=one.get("unit"),
        price_includes_tax=_WORDS.get(one.get("price_includes_tax")),
        place_of_supply=one.get("place_of_supply"),
        percent=Decimal(one["percent"]) if "percent" in one else None,
        **{member: amount for member, amount in amounts.items() if member in _PLACED},
    )
    for member, amount in amounts.items():
        if member not in _PLACED and amount:
            yield _cells(f"{row}.{member}", line_no=number, amount=amount)
    for tax in one.get("taxes", ()):
        yield from _rows(PARTS["taxes"], tax, number, currency)


def _money(one: Row, member: str, currency: str) -> Money:
    """Return the amount `one[member]` as Money.

    The currency is also a member of `one`, such as `settled_currency` for `settled_amount`. Without
    this member, the currency of the document is used: `currency`.
    """
    beside = member.replace("amount", "currency") if "amount" in member else "currency"
    return Money.parse(one[member], one.get(beside, currency))


def _cells(row: str, **cells: Cell) -> list[Cell]:
    amount = cells.get("amount")
    cells |= {ROW: row, "currency": amount.currency if isinstance(amount, Money) else None}
    return [cells.get(column) for column in COLUMNS]
