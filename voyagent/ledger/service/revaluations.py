"""Rules of month-end revaluations: bring foreign balances to the closing rates."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.ledger.models import Revaluation
from voyagent.ledger.queries import revaluations
from voyagent.ledger.queries.revaluations import Position, Positions
from voyagent.ledger.rules import DIFFERENCES, UNREALISED, next_month
from voyagent.ledger.service.chart import account_of
from voyagent.ledger.service.entries import post_difference, reverse
from voyagent.ledger.service.errors import BaseNotEstablished
from voyagent.ledger.service.months import check_month_end, stop_posting, wire_month
from voyagent.rates.errors import RateMissing

SOURCE = "revaluation"
"""Source type of the entries of a revaluation; they cannot be reversed by hand."""


def preview_revaluation(reader: Reader, month: date) -> Positions:
    """Return what `revalue` would post for a month, given by its first day.

    A position without a closing rate has no difference. An agency without foreign balances has no
    positions.

    Raises BaseNotEstablished if the base amounts of foreign balances are not known.
    """
    positions = revaluations.read_positions(reader, month)
    if positions.items and not positions.is_ready:
        raise BaseNotEstablished(sorted({one.balance.currency for one in positions.items}))
    return positions


def revalue(actor: Actor, month: date) -> list[Revaluation]:
    """Bring the foreign balances of a month's end to the closing rates.

    For each monetary account and foreign currency, one entry on the last day posts the difference
    between the balance at the closing rate and its base amount. The difference of an account of
    documents is posted against unrealised differences and reversed on the next day. The difference
    of an account of money is posted against exchange differences and kept. A further run posts only
    the remaining differences. Nobody else can post meanwhile. The result has one row for each
    posted difference, and is empty if there is none.

    Raises Forbidden, MonthNotFound, MonthStillRuns, PeriodLocked, BaseNotEstablished, RateMissing
    (a currency has no closing rate), AccountCodeTaken (no code is left for a new account).
    """
    actor.require_authority("ledger.post")
    actor.require("ledger.close")
    stop_posting()
    check_month_end(actor, month)
    preview = preview_revaluation(SessionReader(db.session), month)
    if preview.missing:
        raise RateMissing(preview.missing[0], preview.day)
    due = [position for position in preview.items if position.difference]
    if not due:
        return []
    run_no = revaluations.next_run(month)
    against = {
        is_reversed: account_of(actor, UNREALISED if is_reversed else DIFFERENCES)
        for is_reversed in sorted({position.is_reversed for position in due})
    }
    posted = [
        _post(actor, preview, position, run_no, against[position.is_reversed]) for position in due
    ]
    db.session.add_all(posted)
    db.session.flush()
    audit.record(
        actor,
        "books.revalued",
        inputs={"month": wire_month(month)},
        outputs={
            "run_no": run_no,
            "currency": preview.base_currency,
            "reversed": preview.total(is_reversed=True).wire,
            "kept": preview.total(is_reversed=False).wire,
        },
    )
    return posted


def _post(
    actor: Actor, positions: Positions, position: Position, run_no: int, against_id: UUID
) -> Revaluation:
    """Post the difference of a position, and its reversal if it has one."""
    month, currency, quote = positions.month, position.balance.currency, position.quote
    difference = position.difference
    assert difference is not None
    revaluation_id = new_id()
    narration = f"Revaluation of {currency}, {wire_month(month)}"
    entry_id = post_difference(
        actor,
        position.account["id"],
        against_id,
        difference,
        currency=currency,
        source_type=SOURCE,
        source_id=revaluation_id,
        narration=narration,
        entry_date=positions.day,
    )
    reversal_id = None
    if position.is_reversed:
        reason = f"Reversal: {narration}"
        reversal_id = reverse(actor, entry_id, reason=reason, entry_date=next_month(month)).entry_id
    return Revaluation(
        id=revaluation_id,
        month=month,
        run_no=run_no,
        account_id=position.account["id"],
        currency=currency,
        rate=quote and quote.rate,
        is_rate_inverse=quote and quote.is_inverse_for(currency),
        rate_on=quote and quote.on,
        rate_source=quote and quote.source,
        balance_minor=position.balance.amount_minor,
        base_before_minor=position.base_before.amount_minor,
        base_after_minor=(position.base_before + difference).amount_minor,
        entry_id=entry_id,
        reversal_entry_id=reversal_id,
        created_by_user_id=actor.user_id,
    )
