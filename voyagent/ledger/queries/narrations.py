"""How an entry tells why it was made: written behind the party's name for the books, and left out
where the party reads it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, case, func, literal, or_

from voyagent.ledger.models import JournalEntry
from voyagent.ledger.words import BEFORE_PARTY, BEFORE_REASON

GIVEN_A_REASON = ("write_off", "credit_note", "supplier_credit")
"""From what an entry comes that is made for a reason, beside every reversal."""
_ENTRIES = JournalEntry.__table__.c


def without_reason(party_name: ColumnElement[str]) -> ColumnElement[str]:
    """The narration of an entry without the reason, such as "Write-off of invoice 2026-27/000003";
    of one that is made without a reason as it is.

    The reason is the agency's own, and a statement goes out to the party. It is told apart by the
    entry itself, which never changes; `party_name` is that of its lines.
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
