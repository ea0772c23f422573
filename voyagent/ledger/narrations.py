"""How an entry tells why it was made: written behind the party's name for the books, and left out
where the party reads it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, case, func, literal, or_

from voyagent.ledger.models import JournalEntry

GIVEN_A_REASON = ("write_off", "credit_note", "supplier_credit")
"""From what an entry comes that is made for a reason, beside every reversal."""
_ENTRIES = JournalEntry.__table__.c
_BEFORE_NAME, _BEHIND_NAME = ", ", ": "


def with_reason(title: str, party_name: str, reason: str) -> str:
    """The narration of an entry that somebody gave a reason for, such as "Write-off of invoice
    2026-27/000003, Asha Rao: bankrupt".
    """
    return f"{title}{_BEFORE_NAME}{party_name}{_BEHIND_NAME}{reason}"


def without_reason(party_name: ColumnElement[str]) -> ColumnElement[str]:
    """The narration of an entry without the reason, such as "Write-off of invoice 2026-27/000003";
    of one that is made without a reason as it is.

    The reason is the agency's own, and a statement goes out to the party. It is told apart by the
    entry itself, which never changes; `party_name` is that of its lines.
    """
    title = func.split_part(
        _ENTRIES.narration,
        literal(_BEFORE_NAME, Text) + party_name + literal(_BEHIND_NAME, Text),
        1,
        type_=Text,
    )
    return case(
        (or_(_ENTRIES.reverses_id.is_not(None), _ENTRIES.source_type.in_(GIVEN_A_REASON)), title),
        else_=_ENTRIES.narration,
    )
