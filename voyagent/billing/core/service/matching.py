"""Match lines of a supplier's bill to the bills that booked services expect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from voyagent.billing.core.errors import (
    BillVariance,
    ExpectedBillNotFound,
    ExpectedBillNotOpen,
    ExpectedBillsDiffer,
    MatchExceedsLine,
)
from voyagent.billing.core.models.bills import Bill, ExpectedBillMatch
from voyagent.billing.core.queries.costs import costs_of
from voyagent.billing.core.service import exchange
from voyagent.billing.core.service.pricing import REASON_MAX, words
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.parties import queries as parties
from voyagent.rates import queries as rates
from voyagent.rates.errors import RateMissing
from voyagent.settings.queries import get_settings
from voyagent.trips.queries import expected_bills
from voyagent.trips.service.expected_bills import Billed, mark_billed, mark_not_billed

MATCHES_MAX = 200


@dataclass(frozen=True, slots=True)
class Match:
    """A part of a bill line that is matched to an expected bill.

    `amount` is in the currency of the bill; None stands for the cost of the line that no other
    match has. With `is_final` no further bill is expected.
    """

    line_no: int
    expected_bill_id: UUID
    amount: Money | None = None
    is_final: bool = True


def keep(bill: Bill, matches: Iterable[Match]) -> None:
    """Replace the matches of a draft.

    Raises ExpectedBillNotFound, ExpectedBillNotOpen, ExpectedBillsDiffer, MatchExceedsLine.
    """
    rows = _new_rows(bill, matches)
    _billed(bill, rows, _expected_of(rows))
    db.session.execute(delete(ExpectedBillMatch).where(ExpectedBillMatch.bill_id == bill.id))
    db.session.add_all(rows)
    db.session.flush()


@dataclass(frozen=True, slots=True)
class Replacement:
    """The new matches of a received bill that differ from the present ones.

    `gone` are the expected bills whose present matches end. `billed` are the new matches, each with
    its expected bill as it is without the present matches, and its amount in minor units.
    """

    gone: set[UUID]
    billed: list[tuple[ExpectedBillMatch, Row, int]]

    @property
    def new(self) -> set[UUID]:
        """Return the expected bills that have new matches."""
        return {expected["id"] for _row, expected, _minor in self.billed}


def replacement(bill: Bill, matches: Iterable[Match]) -> Replacement:
    """Compare the present matches of a received bill with the requested ones.

    An expected bill whose matches do not differ is left out. Nothing is stored or locked. Raises
    ExpectedBillNotFound, ExpectedBillNotOpen, ExpectedBillsDiffer, MatchExceedsLine.
    """
    rows, present = _new_rows(bill, matches), _rows_of(bill)
    for row, amount_minor in zip(rows, _amounts(bill, rows), strict=True):
        row.amount_minor = amount_minor
    before, after = _by_expected(present), _by_expected(rows)
    gone = {one for one, parts in before.items() if after.get(one) != parts}
    new = [row for row in rows if before.get(row.expected_bill_id) != after[row.expected_bill_id]]
    known = _expected_of([*present, *new])
    undone = _sums((row, row.amount_minor or 0) for row in present if row.expected_bill_id in gone)
    for one, part in undone.items():
        matched_minor = known[one]["matched_minor"] - part.amount_minor
        known[one] |= {"status": "open", "matched_minor": matched_minor}
    return Replacement(gone, _billed(bill, new, known))


def replace(bill: Bill, replaced: Replacement) -> None:
    """Store the new matches of a received bill, which `confirm` then marks as billed.

    The expected bills whose matches end are locked, and are open again.
    """
    rows = _rows_of(bill, replaced.gone)
    _take_back(rows)
    for row in rows:
        db.session.delete(row)
    db.session.flush()
    db.session.add_all(row for row, _expected, _minor in replaced.billed)
    db.session.flush()


def confirm(bill: Bill, reason: str | None, only: Collection[UUID] | None = None) -> str | None:
    """Mark the expected bills to which a bill is matched as billed.

    The bill is being received or matched again. With `only`, only the matches to the expected bills
    with these ids count. Returns the reason for a difference above the tolerance, or None if there
    is no such difference. The expected bills are locked, so of two bills for the same expected bill
    the second finds it not open. Raises ExpectedBillNotFound, ExpectedBillNotOpen,
    ExpectedBillsDiffer, MatchExceedsLine, TextTooLong. Raises BillVariance if a difference is above
    the tolerance and `reason` is blank.
    """
    rows = _rows_of(bill, only)
    billed = _billed(bill, rows, _expected_of(rows, lock=True))
    variance = _variance(bill, billed)
    why = words(reason, REASON_MAX) if variance else None
    if variance is not None and why is None:
        raise variance
    for match, _expected, amount_minor in billed:
        match.amount_minor = amount_minor
    mark_billed(_sums((match, amount_minor) for match, _expected, amount_minor in billed))
    db.session.flush()
    return why


def find_variance(bill: Bill) -> BillVariance | None:
    """Return the error of the first difference above the tolerance, or None."""
    return _variance(bill, read_billed(bill))


def read_billed(bill: Bill) -> list[tuple[ExpectedBillMatch, Row, int]]:
    """Return each match of a draft with its expected bill and amount in minor units.

    Raises ExpectedBillNotFound, ExpectedBillNotOpen, ExpectedBillsDiffer, MatchExceedsLine.
    """
    rows = _rows_of(bill)
    return _billed(bill, rows, _expected_of(rows))


def is_matched(bill: Bill) -> bool:
    """Return True if a line of a bill is matched to an expected bill."""
    return bool(_rows_of(bill))


def candidates(bill: Bill) -> list[Row]:
    """Return the expected bills that the lines of a bill may be matched to.

    They are open, of the supplier or of an unknown one, and in the currency of the bill, the first
    due ones first, and at most MATCHES_MAX. If the bill is not a draft, the expected bills to which
    it is matched already come before them.
    """
    search = expected_bills.ExpectedBillSearch(
        party_id=bill.party_id, or_unknown=True, currency=bill.currency
    )
    reader = SessionReader(db.session)
    found = expected_bills.list_expected_bills(reader, search, limit=MATCHES_MAX).items
    matched = [] if bill.status == "draft" else [row.expected_bill_id for row in _rows_of(bill)]
    own = expected_bills.read_expected_bills(reader, matched) if matched else []
    return own + [row for row in found if row["id"] not in matched]


def take_back(bill: Bill) -> None:
    """Open the expected bills again to which a bill that is being voided was matched."""
    _take_back(_rows_of(bill))


def _take_back(rows: Sequence[ExpectedBillMatch]) -> None:
    expected_bills.get_expected_bills([row.expected_bill_id for row in rows], lock=True)
    mark_not_billed(_sums((row, row.amount_minor or 0) for row in rows))


def _new_rows(bill: Bill, matches: Iterable[Match]) -> list[ExpectedBillMatch]:
    return [
        ExpectedBillMatch(
            id=new_id(),
            bill_id=bill.id,
            line_no=one.line_no,
            expected_bill_id=one.expected_bill_id,
            amount_minor=None if one.amount is None else one.amount.amount_minor,
            is_final=one.is_final,
        )
        for one in matches
    ]


def _by_expected(rows: Iterable[ExpectedBillMatch]) -> dict[UUID, set[tuple[Any, ...]]]:
    """Return line number, amount and finality of the matches of each expected bill."""
    found: dict[UUID, set[tuple[Any, ...]]] = defaultdict(set)
    for row in rows:
        found[row.expected_bill_id].add((row.line_no, row.amount_minor, row.is_final))
    return found


def _expected_of(rows: Sequence[ExpectedBillMatch], *, lock: bool = False) -> dict[UUID, Row]:
    ids = [row.expected_bill_id for row in rows]
    return {row["id"]: row for row in expected_bills.get_expected_bills(ids, lock=lock)}


def _billed(
    bill: Bill, rows: Sequence[ExpectedBillMatch], known: Mapping[UUID, Row]
) -> list[tuple[ExpectedBillMatch, Row, int]]:
    """Return each match of a bill with its expected bill and amount in minor units."""
    found = []
    for row, amount_minor in zip(rows, _amounts(bill, rows), strict=True):
        expected = known.get(row.expected_bill_id)
        if expected is None:
            raise ExpectedBillNotFound
        if expected["status"] != "open":
            raise ExpectedBillNotOpen
        if expected["currency"] != bill.currency or not _is_of(expected["party_id"], bill):
            raise ExpectedBillsDiffer
        found.append((row, expected, amount_minor))
    return found


def _amounts(bill: Bill, rows: Sequence[ExpectedBillMatch]) -> list[int]:
    """Return the amount of each match in minor units. Raises MatchExceedsLine."""
    costs = costs_of(bill) if rows else {}
    given: dict[int, int] = defaultdict(int)
    for row in rows:
        given[row.line_no] += row.amount_minor or 0
    found = []
    for row in rows:
        rest_minor = costs.get(row.line_no, 0) - given[row.line_no]
        if rest_minor < 0 or (row.amount_minor is None and rest_minor == 0):
            raise MatchExceedsLine
        if row.amount_minor is None:
            given[row.line_no] += rest_minor
        found.append(row.amount_minor or rest_minor)
    return found


def _is_of(party_id: UUID | None, bill: Bill) -> bool:
    """Return True if the supplier of an expected bill is that of a bill, or unknown."""
    if party_id is None or party_id == bill.party_id:
        return True
    return bill.party_id is not None and parties.root_of(party_id) == parties.root_of(bill.party_id)


def _variance(
    bill: Bill, billed: Sequence[tuple[ExpectedBillMatch, Row, int]]
) -> BillVariance | None:
    """Return the error of the first difference above the tolerance, or None.

    The tolerance is a percentage and an amount in the currency of the books, and a difference must
    be within both. If no exchange rate is known, it counts as above the amount. Matches that are
    not final may together stay below the expected amount.
    """
    sums = _sums((match, amount_minor) for match, _expected, amount_minor in billed)
    settings = get_settings()
    percent = Decimal(settings.bill_tolerance_percent)
    for match, expected, _amount in billed:
        one = sums[match.expected_bill_id]
        billed_minor = expected["matched_minor"] + one.amount_minor
        off_minor = billed_minor - expected["amount_minor"]
        if off_minor == 0 or (off_minor < 0 and not one.is_final):
            continue
        within = abs(off_minor) * 100 <= expected["amount_minor"] * percent
        off = Money(abs(off_minor), bill.currency)
        if not within or not _is_small(bill, off, settings.bill_tolerance_minor):
            return BillVariance(
                match.line_no,
                Money(billed_minor, bill.currency),
                Money(expected["amount_minor"], bill.currency),
            )
    return None


def _is_small(bill: Bill, off: Money, tolerance_minor: int) -> bool:
    reader = SessionReader(db.session)
    books = rates.read_base_currency(reader)
    if off.currency != books:
        quote = exchange.quote_of(bill)
        try:
            quote = quote or rates.find_rate(reader, off.currency, bill.issue_date)
        except RateMissing:
            return False
        off = quote.convert(off)
    return off.amount_minor <= tolerance_minor


def _sums(billed: Iterable[tuple[ExpectedBillMatch, int]]) -> dict[UUID, Billed]:
    """Return the sum of the matches of each expected bill, by its id."""
    found: dict[UUID, Billed] = {}
    for match, amount_minor in billed:
        before = found.get(match.expected_bill_id, Billed(0, is_final=False))
        found[match.expected_bill_id] = Billed(
            before.amount_minor + amount_minor, before.is_final or match.is_final
        )
    return found


def _rows_of(bill: Bill, only: Collection[UUID] | None = None) -> Sequence[ExpectedBillMatch]:
    of_bill = select(ExpectedBillMatch).where(ExpectedBillMatch.bill_id == bill.id)
    if only is not None:
        of_bill = of_bill.where(ExpectedBillMatch.expected_bill_id.in_(only))
    return db.session.scalars(
        of_bill.order_by(ExpectedBillMatch.line_no, ExpectedBillMatch.id)
    ).all()
