"""Time and result of the last backup and the last checks of the installation.

They are in the database, so that every process can return them as metrics, on whatever machine the
backup or the check ran.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow, db, transaction

_NOTE = text(
    "insert into last_runs (name, findings) values (:name, :findings)"
    " on conflict (name) do update set at = excluded.at, findings = excluded.findings"
)


class LastRun(Base):
    """The last complete run of a backup or check, with the number of its findings."""

    __tablename__ = "last_runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[DefaultNow]
    findings: Mapped[int]

    __table_args__ = (
        CheckConstraint("name in ('backup', 'books', 'audit')", name="name"),
        CheckConstraint("findings >= 0", name="findings"),
    )


def note_run(name: Literal["backup", "books", "audit"], *, findings: int = 0) -> None:
    """Record that a run is complete, in a transaction of its own."""
    db.session.remove()
    with transaction():
        db.session.execute(_NOTE, {"name": name, "findings": findings})
    db.session.remove()
