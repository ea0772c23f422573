"""Time stored each second by a worker, which shows the age of a standby's data.

An idle primary sends nothing to its standbys, so the time of their last transaction does not show
whether they follow. The time is that of the primary's clock, which all processes follow.
"""

from __future__ import annotations

import time
from datetime import datetime
from threading import Thread

import sqlalchemy as sa
import structlog
from sqlalchemy import CheckConstraint, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base

EVERY_S = 1.0
# All workers try, and one of them stores the time.
_BEAT = text(
    "update heartbeat set at = clock_timestamp()"
    " where at < clock_timestamp() - interval '900 milliseconds'"
)
log = structlog.get_logger(__name__)


class Heartbeat(Base):
    """The only row of the table: the time of the last heartbeat."""

    __tablename__ = "heartbeat"

    is_only: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    at: Mapped[datetime]

    __table_args__ = (CheckConstraint("is_only", name="is_only"),)


def beat(engine: sa.Engine) -> None:
    """Store the time each second from now on, in a thread."""
    Thread(target=_beat_forever, args=(engine,), name="heartbeat", daemon=True).start()


def _beat_forever(engine: sa.Engine) -> None:
    engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    while True:
        try:
            with engine.connect() as connection:
                connection.execute(_BEAT)
        except SQLAlchemyError as error:
            log.debug("heartbeat.missed", error=type(error).__name__)
        time.sleep(EVERY_S)
