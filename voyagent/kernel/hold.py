"""The hold of a restored installation, which ends with `flask release`.

During the hold nothing reaches the outside: workers claim no job of a task with `is_outward`
(`kernel/jobs.py`), and no outbound call is made (`kernel/outbound.py`). Only the owner of the
schema can begin or end a hold.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, db
from voyagent.kernel.errors import N_, Unavailable

RESTORED = "restored"
"""Value of `Installation.hold` after a restore."""
_IS_HELD = text("select hold is not null from installation")


class Installation(Base):
    """The only row of the table: the id of the installation and its hold, or null.

    `code_from` says which releases can use the schema: those with this `SCHEMA_TO` or a later one.
    A migration that removes something from the schema raises `code_from`. Sessions of operators
    that began before `operator_sessions_from` are not valid.
    """

    __tablename__ = "installation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    hold: Mapped[str | None]
    held_since: Mapped[datetime | None]
    is_only: Mapped[bool] = mapped_column(server_default=text("true"))
    code_from: Mapped[str] = mapped_column(server_default=text("'0118'"))
    operator_sessions_from: Mapped[datetime] = mapped_column(server_default=text("'epoch'"))

    __table_args__ = (
        UniqueConstraint("is_only", name="uq_installation_is_only"),
        CheckConstraint("is_only", name="is_only"),
        CheckConstraint("hold in ('restored')", name="hold"),
        CheckConstraint("(hold is null) = (held_since is null)", name="held_since"),
    )


class OnHold(Unavailable):
    """The installation is on hold, so nothing is asked of outside systems."""

    code = "installation_on_hold"
    message = N_(
        "This site was restored from a backup. Nothing is sent to suppliers until its operator"
        " releases it."
    )
    retry_after_s = None


def is_held() -> bool:
    """Return True if the installation is on hold.

    The statement uses a connection of its own, so it changes no transaction of the caller.
    """
    with db.engine.connect() as connection:
        return connection.scalar(_IS_HELD) is True


def refuse_if_held() -> None:
    """Raise OnHold if the installation is on hold, else do nothing."""
    if is_held():
        raise OnHold
