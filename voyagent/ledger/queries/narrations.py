"""Narrations of entries without the internal reason, for a party's statement."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, case, func, literal, or_

from voyagent.ledger.models import JournalEntry
from voyagent.ledger.words import BEFORE_PARTY, BEFORE_REASON

GIVEN_A_REASON = ("write_off", "credit_note", "supplier_credit")
"""Source types whose entries have a reason in the narration; reversals have a reason too."""
_ENTRIES = JournalEntry.__table__.c


def without_reason(party_name: ColumnElement[str]) -> ColumnElement[str]:
    """Return the SQL expression of an entry's narration without its reason.

    Example: "Write-off of invoice 2026-27/000003, Asha Rao: bankrupt" becomes "Write-off of invoice
    2026-27/000003". The result is for party statements, which the agency sends to the party; the
    reason is internal to the agency. `party_name` is the column with the name of the party in the
    entry's lines. Only narrations of reversals and of entries of the sources in GIVEN_A_REASON have
    a reason; other narrations stay unchanged.
    """
    title = func.split_part(
        _ENTRIES.narration,
        literal(BEFORE_PARTY, Text) + party_name + literal(BEFORE_REASON, Text),
        1,
        type_=Text,
    )
    return case(
        (or_(_ENTRIES.reverses_id.is_not(None), _ENTRIES.source_type.in_(GIVEN_A_REASON)), title),
        else_=_ENTRIES.narration,
    )
