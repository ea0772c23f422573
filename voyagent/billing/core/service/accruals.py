"""Accrue the cost of expected bills, and take it over into bills or release it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NotRequired, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import func, select, text

from voyagent.billing.core.models.accruals import Accrual
from voyagent.billing.core.models.bills import Bill, ExpectedBillMatch
from voyagent.billing.core.rules import ACCRUED, BOUGHT
from voyagent.billing.core.service import exchange, input_taxes, matching
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.queries.entries import find_unreversed
from voyagent.ledger.service import entries
from voyagent.trips.service.expected_bills import Accrued, mark_accrued

SOURCE = "accrual"
"""Source type of the entries that accrue and release cost; the id is that of the accrual."""
# A change of accrued cost takes this lock, then posts, and then locks the expected bills.
_LOCK = text(
    "select pg_advisory_xact_lock(hashtextextended('accruals of ' ||"
    " current_setting('app.tenant'), 0))"
)


@dataclass(frozen=True, slots=True)
class Take:
    """The effect of a bill on the accrued cost of an expected bill.

    `billed` is the accrued cost that the bill takes over: it becomes a part of the amount owed to
    the supplier. `rest` is released on `day`, because no further bill is expected for it.
    `billed_base` and `rest_base` are the shares of both in the base amount of the accrued cost.
    """

    expected: Row
    billed: Money
    billed_base: Money
    rest: Money
    rest_base: Money
    day: date


def hold() -> None:
    """Lock the accrued cost of the agency until this transaction ends."""
    db.session.execute(_LOCK)


def takes_of(actor: Actor, bill: Bill) -> list[Take]:
    """Return the effects of a draft on the accrued cost of its expected bills.

    The draft takes over the part of a match that is cost on its issue date, up to the accrued cost.
    It takes over nothing of a purchase as agent or of prepaid cost, and nothing at all if it is
    dated before the accrual. Accrued cost that it does not take over is released, except the part
    for which a further bill is expected. Expected bills without accrued cost are left out. Raises
    the errors of `matching.read_billed`.
    """
    matched = [one for one in matching.read_billed(bill) if one[1]["accrued_minor"]]
    if not matched:
        return []
    costs = {
        line_no: line.cost_minor - sum(line.later.values()) if line.bought_as == "cost" else 0
        for line_no, line in enumerate(input_taxes.bought(bill), start=1)
    }
    found: dict[UUID, list[_Part]] = {}
    for match, expected, minor in matched:
        cost_minor = min(minor, costs[match.line_no])
        costs[match.line_no] -= cost_minor
        found.setdefault(expected["id"], []).append(_Part(match, expected, minor, cost_minor))
    return [_take(actor, bill, parts, bill.issue_date) for parts in found.values()]


def sides_with(
    sides: Iterable[tuple[str, int, Money]], takes: Iterable[Take]
) -> list[tuple[str, int, Money]]:
    """Return the journal lines of a bill that takes over accrued cost.

    The amount taken over is debited to accrued cost in place of cost of services.
    """
    taken = [one.billed for one in takes if one.billed]
    if not taken:
        return list(sides)
    total = sum(taken[1:], taken[0])
    rest = (
        (account, sign, amount - total if account == BOUGHT["cost"] else amount)
        for account, sign, amount in sides
    )
    return [(ACCRUED, 1, total), *(one for one in rest if one[2])]


def carried(bill: Bill, takes: Iterable[Take]) -> dict[str, Money]:
    """Return the base amounts of the lines of a bill that takes over accrued cost.

    The keys are accounts. The part of accrued cost that is taken over keeps its base amount. The
    remaining part of the total is converted at the rate of the bill, and this rate is set on the
    bill. If nothing is taken over, or the bill needs no rate, the result is empty and nothing is
    set. Raises RateMissing.
    """
    taken = [one for one in takes if one.billed]
    quote = exchange.rate_to_be_booked(bill) if taken else None
    if quote is None:
        return {}
    base = sum((one.billed_base for one in taken[1:]), taken[0].billed_base)
    minor = bill.total_minor - sum(one.billed.amount_minor for one in taken)
    rest = quote.convert(Money(minor, bill.currency))
    for name, value in exchange.columns_of(quote).items():
        setattr(bill, name, value)
    return {ACCRUED: base, "payable": base + rest}


def take(actor: Actor, bill: Bill, takes: Iterable[Take], entry_id: UUID) -> None:
    """Record the accrued cost that a received bill takes over, and release the rest.

    `entry_id` is the entry of the bill. Raises ApprovalRequired, and the errors of `entries.post`.
    """
    actor.require_authority("bill.receive")
    takes = list(takes)
    billed = [
        _row(
            actor,
            (-one.billed, -one.billed_base),
            expected_bill_id=one.expected["id"],
            kind="billed",
            bill_id=bill.id,
            booked_on=bill.issue_date,
            entry_id=entry_id,
        )
        for one in takes
        if one.billed
    ]
    record(billed + _release_rest(actor, bill, takes))


def has_accruals(bill: Bill) -> bool:
    """Return True if a bill has changed accrued cost, also by a match that has ended."""
    return bool(_rows_of(bill))


def put_back(actor: Actor, bill: Bill) -> None:
    """Accrue the cost again that a bill took over or released before its void.

    `bill` was voided just now, and its entry is reversed already. Other entries of its accruals
    that are not reversed yet are reversed on the day of the void, or on their own day if that is
    later. Raises ApprovalRequired, and the errors of `entries.reverse`.
    """
    actor.require_authority("bill.void")
    day, void_entry_id = bill.voided_on, bill.void_entry_id
    assert day is not None
    assert void_entry_id is not None
    reason = f"Void of bill {bill.vendor_reference}: accrued again"
    rows = _rows_of(bill)
    own = [
        _opposite(actor, bill, row, day, void_entry_id)
        for row in rows
        if row.entry_id == bill.entry_id
    ]
    further = [row for row in rows if row.entry_id != bill.entry_id]
    record(own + _reverse(actor, bill, further, day, reason))


def rematch(actor: Actor, bill: Bill, replaced: matching.Replacement, day: date) -> list[Accrual]:
    """Post the changes of accrued cost that new matches of a received bill cause.

    Cost that the bill took over or released by a match that ends is accrued again. The accrued cost
    of a new match is released: the entry of the bill posted its whole cost, so it takes nothing
    over. The entries are on `day`, or on the day of the accruals that they undo if that is later.
    Returns the accruals, which are not stored yet. Raises ApprovalRequired, and the errors of
    `entries.post` and `entries.reverse`.
    """
    actor.require_authority("bill.receive")
    back = _give_back(actor, bill, replaced.gone, day)
    sums, found = _sums(back), dict[UUID, list[_Part]]()
    for match, expected, minor in replaced.billed:
        amount_minor, base_minor = sums.get(expected["id"], Accrued(0, 0))
        accrued = expected | {
            "accrued_minor": expected["accrued_minor"] + amount_minor,
            "accrued_base_minor": expected["accrued_base_minor"] + base_minor,
        }
        if accrued["accrued_minor"]:
            found.setdefault(expected["id"], []).append(_Part(match, accrued, minor, 0))
    takes = [_take(actor, bill, parts, day) for parts in found.values()]
    return back + _release_rest(actor, bill, takes)


def _release_rest(actor: Actor, bill: Bill, takes: Iterable[Take]) -> list[Accrual]:
    """Release the accrued cost for which no further bill is expected."""
    narration = f"Accrued cost not billed by {bill.vendor_reference}, {bill.party_name}"
    return [
        _release(actor, one.expected, (one.rest, one.rest_base), one.day, narration, bill.id)
        for one in takes
        if one.rest
    ]


def _give_back(
    actor: Actor, bill: Bill, expected_bill_ids: Collection[UUID], day: date
) -> list[Accrual]:
    """Accrue cost again that a received bill took over or released by ended matches.

    Released cost is accrued again by a reversal. Cost that was taken over is accrued again by an
    entry that debits it as cost of services, because the bill is now for something else.
    """
    reason = f"Match of bill {bill.vendor_reference} undone: accrued again"
    rows = [row for row in _rows_of(bill) if row.expected_bill_id in expected_bill_ids]
    back = _reverse(actor, bill, [row for row in rows if row.kind == "released"], day, reason)
    for one, taken in _sums(row for row in rows if row.kind == "billed").items():
        if not taken.amount_minor:
            continue
        amount = Money(-taken.amount_minor, bill.currency)
        base = Money(-taken.base_minor, actor.currency)
        accrual_id = new_id()
        on = max(day, *(row.booked_on for row in rows if row.expected_bill_id == one))
        posted = entries.post(
            actor,
            source_type="bill",
            source_id=bill.id,
            purpose=f"accrue {accrual_id}",
            narration=f"{reason}, {bill.party_name}",
            lines=entries.lines_of(
                [(BOUGHT["cost"], 1, amount), (ACCRUED, -1, amount)],
                memo=bill.vendor_reference,
                bases=[base, base],
            ),
            entry_date=on,
            trip_id=bill.trip_id,
        )
        back.append(
            _row(
                actor,
                (amount, base),
                id=accrual_id,
                expected_bill_id=one,
                kind="billed",
                bill_id=bill.id,
                booked_on=on,
                entry_id=posted.entry_id,
            )
        )
    return back


def _rows_of(bill: Bill) -> Sequence[Accrual]:
    of_bill = select(Accrual).where(Accrual.bill_id == bill.id).order_by(Accrual.id)
    return db.session.scalars(of_bill).all()


def _reverse(
    actor: Actor, bill: Bill, rows: Sequence[Accrual], day: date, reason: str
) -> list[Accrual]:
    """Reverse the entries of accruals, unless they are reversed or reversals."""
    standing = find_unreversed([row.entry_id for row in rows])
    found = []
    for row in rows:
        if row.entry_id in standing:
            on = max(day, row.booked_on)
            posted = entries.reverse(actor, row.entry_id, reason=reason, entry_date=on)
            found.append(_opposite(actor, bill, row, on, posted.entry_id))
    return found


def _opposite(actor: Actor, bill: Bill, row: Accrual, day: date, entry_id: UUID) -> Accrual:
    """Return a new accrual that undoes an accrual of a bill."""
    return _row(
        actor,
        (Money(-row.amount_minor, bill.currency), Money(-row.base_minor, actor.currency)),
        expected_bill_id=row.expected_bill_id,
        kind=row.kind,
        bill_id=bill.id,
        booked_on=day,
        entry_id=entry_id,
    )


def accrue_cost(
    actor: Actor, expected: Row, amount: Money, day: date, rates: Mapping[str, Quote]
) -> Accrual:
    """Post the cost of the service of an expected bill.

    Returns the accrual, which is not stored yet. Raises ApprovalRequired, and the errors of
    `entries.post`.
    """
    actor.require_authority("ledger.post")
    accrual_id, memo = new_id(), service_of(expected)
    sides = [(BOUGHT["cost"], 1, amount), (ACCRUED, -1, amount)]
    posted = entries.post(
        actor,
        source_type=SOURCE,
        source_id=accrual_id,
        purpose="accrue",
        narration=f"Accrued cost of {memo}",
        lines=entries.lines_of(sides, memo=memo),
        entry_date=day,
        trip_id=expected["trip_id"],
        rates=rates,
    )
    base_minor = posted.base_minor(ACCRUED)
    base = Money(amount.amount_minor if base_minor is None else abs(base_minor), actor.currency)
    return _row(
        actor,
        (amount, base),
        id=accrual_id,
        expected_bill_id=expected["id"],
        kind="accrued",
        bill_id=None,
        booked_on=day,
        entry_id=posted.entry_id,
    )


def release(actor: Actor, expected: Row, day: date, narration: str) -> Accrual:
    """Post the release of all accrued cost of an expected bill.

    Returns the accrual, which is not stored yet. Raises ApprovalRequired, and the errors of
    `entries.post`.
    """
    actor.require_authority("ledger.post")
    amounts = (
        Money(expected["accrued_minor"], expected["currency"]),
        Money(expected["accrued_base_minor"], actor.currency),
    )
    return _release(actor, expected, amounts, day, narration)


def service_of(expected: Row) -> str:
    """Return the name of the service of an expected bill, or else of its trip."""
    return str(expected["service"] or expected["trip_title"])[:500]


def record(rows: Collection[Accrual]) -> None:
    """Store accruals whose entries are posted, and add them to their expected bills."""
    db.session.add_all(rows)
    db.session.flush()
    mark_accrued(_sums(rows))


def _sums(rows: Iterable[Accrual]) -> dict[UUID, Accrued]:
    """Return the sums of accruals by their expected bills."""
    sums: dict[UUID, Accrued] = {}
    for row in rows:
        before = sums.get(row.expected_bill_id, Accrued(0, 0))
        sums[row.expected_bill_id] = Accrued(
            before.amount_minor + row.amount_minor, before.base_minor + row.base_minor
        )
    return sums


def _release(
    actor: Actor,
    expected: Row,
    amounts: tuple[Money, Money],
    day: date,
    narration: str,
    bill_id: UUID | None = None,
) -> Accrual:
    accrual_id = new_id()
    amount, base = amounts
    sides = [(ACCRUED, 1, amount), (BOUGHT["cost"], -1, amount)]
    posted = entries.post(
        actor,
        source_type=SOURCE,
        source_id=accrual_id,
        purpose="release",
        narration=narration,
        lines=entries.lines_of(sides, memo=service_of(expected), bases=[base, base]),
        entry_date=day,
        trip_id=expected["trip_id"],
    )
    return _row(
        actor,
        (-amount, -base),
        id=accrual_id,
        expected_bill_id=expected["id"],
        kind="released",
        bill_id=bill_id,
        booked_on=day,
        entry_id=posted.entry_id,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A match of a bill to an expected bill, in minor units.

    `cost_minor` is the part of `minor` that is cost on the issue date.
    """

    match: ExpectedBillMatch
    expected: Row
    minor: int
    cost_minor: int


def _take(actor: Actor, bill: Bill, parts: Sequence[_Part], day: date) -> Take:
    expected = parts[0].expected
    currency, accrued_minor = expected["currency"], expected["accrued_minor"]
    accrued_on = db.session.scalars(
        select(func.max(Accrual.booked_on)).where(
            Accrual.expected_bill_id == expected["id"], Accrual.kind == "accrued"
        )
    ).one()
    billed_minor = 0
    if bill.issue_date >= accrued_on:
        billed_minor = min(sum(part.cost_minor for part in parts), accrued_minor)
    still_minor = 0
    if not any(part.match.is_final for part in parts):
        all_minor = expected["matched_minor"] + sum(part.minor for part in parts)
        still_minor = max(expected["amount_minor"] - all_minor, 0)
    rest_minor = max(accrued_minor - billed_minor - still_minor, 0)
    kept_minor = accrued_minor - billed_minor - rest_minor
    billed_base, rest_base, _kept = Money(expected["accrued_base_minor"], actor.currency).split(
        [billed_minor, rest_minor, kept_minor]
    )
    return Take(
        expected,
        Money(billed_minor, currency),
        billed_base,
        Money(rest_minor, currency),
        rest_base,
        max(day, accrued_on),
    )


class _Columns(TypedDict):
    id: NotRequired[UUID]
    expected_bill_id: UUID
    kind: str
    bill_id: UUID | None
    booked_on: date
    entry_id: UUID


def _row(actor: Actor, amounts: tuple[Money, Money], **columns: Unpack[_Columns]) -> Accrual:
    amount, base = amounts
    values: dict[str, Any] = {"id": new_id(), **columns}
    return Accrual(
        **values,
        amount_minor=amount.amount_minor,
        base_minor=base.amount_minor,
        created_by_user_id=actor.user_id,
    )
