"""What the tables of documents have in common."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ARRAY, BigInteger, Date, ForeignKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

NOW = text("now()")
ZERO = text("0")
CURRENCY = "currency ~ '^[A-Z]{3}$'"
PLAN = "num_nonnulls(instalment_dues, instalment_minors) = 0 or app.is_plan(instalment_dues, instalment_minors, issue_date)"


def references(table: str, column: str, name: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A key to a row of the same agency."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], name=name, ondelete=ondelete)


class InInstalments:
    """A document that may be due in instalments: the day and the amount of each, in order of their days; none where it is due on one day.

    The due date of a posted one is that of the first instalment that is still open, of the last where none is; a trigger moves it on.
    """

    instalment_dues: Mapped[list[date] | None] = mapped_column(ARRAY(Date))
    instalment_minors: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
