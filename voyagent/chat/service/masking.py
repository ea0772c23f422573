"""Mask financial numbers in conversations that an earlier release stored."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import inspect, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from voyagent.chat.models import ChatEvent, ChatMessage, ChatSession, ChatTurn, ChatTurnStep
from voyagent.chat.queries.events import as_line
from voyagent.kernel.db import db
from voyagent.kernel.financial_numbers import hidden_everywhere

ROWS_MAX = 500
COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (
    ChatSession.title,
    ChatTurn.message,
    ChatMessage.blocks,
    ChatTurnStep.outcome,
    ChatEvent.data,
)
"""Columns with texts of conversations; `ChatEvent.data` is the JSON text of an event."""


class Masking:
    """A walk over one column of the bound agency, in the order of the primary key.

    Each call masks PANs, tax numbers and bank accounts in up to 500 rows and returns the number of
    rows read. After the last row it returns 0, and the next call begins a new walk. `changed` is
    the number of rows that were changed.
    """

    def __init__(self, column: InstrumentedAttribute[Any]) -> None:
        self._column = column
        self._after: tuple[Any, ...] | None = None
        self.changed = 0

    def __call__(self) -> int:
        """Mask the next rows."""
        model = self._column.class_
        key = inspect(model).primary_key
        rows = select(model).order_by(*key).limit(ROWS_MAX).with_for_update(key_share=True)
        if self._after is not None:
            rows = rows.where(tuple_(*key) > tuple_(*self._after))
        found = db.session.scalars(rows).all()
        for row in found:
            before = getattr(row, self._column.key)
            after = _masked_event(before) if model is ChatEvent else hidden_everywhere(before)
            if after != before:
                setattr(row, self._column.key, after)
                self.changed += 1
        self._after = inspect(found[-1]).identity if found else None
        db.session.flush()
        return len(found)


def _masked_event(line: str) -> str:
    event = json.loads(line)
    masked = hidden_everywhere(event)
    return line if masked == event else as_line(masked)
