"""Mask financial numbers in rows that are already stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, inspect, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from voyagent.kernel.db import db
from voyagent.kernel.financial_numbers import hidden_everywhere
from voyagent.kernel.tenancy import current_tenant

ROWS_MAX = 500


class Masking:
    """Masks one column of the current agency's rows, in the order of the primary key.

    Each call masks PANs, tax numbers and bank accounts in up to 500 rows that meet `conditions`,
    and returns the number of rows read. After the last row of an agency a call returns 0, and its
    next call begins again with the first row. Calls for several agencies may alternate. `changed`
    is the number of rows that were changed. `mask` returns the masked form of a value.
    """

    def __init__(
        self,
        column: InstrumentedAttribute[Any],
        *conditions: ColumnElement[bool],
        mask: Callable[[Any], Any] = hidden_everywhere,
    ) -> None:
        self._column = column
        self._conditions = conditions
        self._mask = mask
        self._after: dict[UUID, tuple[Any, ...]] = {}
        self.changed = 0

    def __call__(self) -> int:
        """Mask the next rows; return the number of rows read."""
        model = self._column.class_
        key = inspect(model).primary_key
        rows = select(model).where(*self._conditions).order_by(*key).limit(ROWS_MAX)
        agency = current_tenant(db.session())
        after = self._after.pop(agency, None)
        if after is not None:
            rows = rows.where(tuple_(*key) > tuple_(*after))
        found = db.session.scalars(rows.with_for_update(key_share=True)).all()
        for row in found:
            value = getattr(row, self._column.key)
            masked = self._mask(value)
            if masked != value:
                setattr(row, self._column.key, masked)
                self.changed += 1
        db.session.flush()
        if found:
            self._after[agency] = inspect(found[-1]).identity
        return len(found)
