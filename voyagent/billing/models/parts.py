"""What the tables of documents have in common."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, text

NOW = text("now()")
ZERO = text("0")
CURRENCY = "currency ~ '^[A-Z]{3}$'"


def references(table: str, column: str, name: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A key to a row of the same agency."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], name=name, ondelete=ondelete)
