"""Match lines of a supplier's bill to the bills that booked services expect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
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
    """A part of a bill line that is the bill of an expected one.

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
    rows = [
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
    _billed(bill, rows, lock=False)
    db.session.execute(delete(ExpectedBillMatch).where(ExpectedBillMatch.bill_id == bill.id))
    db.session.add_all(rows)
    db.session.flush()


def confirm(bill: Bill, reason: str | None) -> str | None:
    """Mark what a bill that is being received was expected as.

    Returns the reason for a difference above the tolerance, and None without one. The expected
    bills are locked, so of two bills for the same one the second finds it not open. Raises
    ExpectedBillNotOpen, ExpectedBillsDiffer, MatchExceedsLine, TextTooLong. Raises BillVariance if
    a difference is above the tolerance and `reason` is blank.
    """
    billed = _billed(bill, _rows_of(bill), lock=True)
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
    return _variance(bill, _billed(bill, _rows_of(bill), lock=False))


def read_billed(bill: Bill) -> list[tuple[ExpectedBillMatch, Row, int]]:
    """Return each match of a draft with its expected bill and amount in minor units.

    Raises ExpectedBillNotOpen, ExpectedBillsDiffer, MatchExceedsLine.
    """
    return _billed(bill, _rows_of(bill), lock=False)


def is_matched(bill: Bill) -> bool:
    """Return True if a line of a bill is matched to an expected bill."""
    return bool(_rows_of(bill))


def candidates(bill: Bill) -> list[Row]:
    """Return the open expected bills that the lines of a draft may be matched to.

    They are of the supplier or of an unknown one, and in the currency of the bill, the first due
    ones first.
    """
    search = expected_bills.ExpectedBillSearch(
        party_id=bill.party_id, or_unknown=True, currency=bill.currency
    )
    reader = SessionReader(db.session)
    return expected_bills.list_expected_bills(reader, search, limit=MATCHES_MAX).items


def take_back(bill: Bill) -> None:
    """Expect the bills again to which a bill that is being voided was matched."""
    rows = _rows_of(bill)
    expected_bills.get_expected_bills([row.expected_bill_id for row in rows], lock=True)
    mark_not_billed(_sums((row, row.amount_minor or 0) for row in rows))


def _billed(
    bill: Bill, rows: Sequence[ExpectedBillMatch], *, lock: bool
) -> list[tuple[ExpectedBillMatch, Row, int]]:
    """Return each match of a draft with its expected bill and amount in minor units."""
    ids = [row.expected_bill_id for row in rows]
    known = {row["id"]: row for row in expected_bills.get_expected_bills(ids, lock=lock)}
    costs = costs_of(bill) if rows else {}
    given: dict[int, int] = defaultdict(int)
    for row in rows:
        given[row.line_no] += row.amount_minor or 0
    found = []
    for row in rows:
        expected = known.get(row.expected_bill_id)
        if expected is None:
            raise ExpectedBillNotFound
        if expected["status"] != "open":
            raise ExpectedBillNotOpen
        if expected["currency"] != bill.currency or not _is_of(expected["party_id"], bill):
            raise ExpectedBillsDiffer
        rest_minor = costs.get(row.line_no, 0) - given[row.line_no]
        if rest_minor < 0 or (row.amount_minor is None and rest_minor == 0):
            raise MatchExceedsLine
        if row.amount_minor is None:
            given[row.line_no] += rest_minor
        found.append((row, expected, row.amount_minor or rest_minor))
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

    A match that is not final may stay below what is expected. Both tolerances must hold; without an
    exchange rate the one in the currency of the books does not.
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


def _rows_of(bill: Bill) -> Sequence[ExpectedBillMatch]:
    of_bill = select(ExpectedBillMatch).where(ExpectedBillMatch.bill_id == bill.id)
    return db.session.scalars(
        of_bill.order_by(ExpectedBillMatch.line_no, ExpectedBillMatch.id)
    ).all()
