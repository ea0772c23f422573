"""Set the clock of each process from the clock of the database.

The reasons are in `docs/decisions/0046-clock-of-the-database.md`.
"""

from __future__ import annotations

import time
from datetime import datetime
from threading import Thread

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from voyagent.kernel import clock
from voyagent.kernel.database.start_checks import CLOCK_WARNS_S

MEASURE_EVERY_S = 10.0
_RETRY_S = 1.0
_SAMPLES = 3
_TIME = sa.text("select clock_timestamp()")
log = structlog.get_logger(__name__)


def follow(engine: sa.Engine) -> None:
    """Follow the clock of the database from now on, in a thread.

    The function returns after the first measurement. While the database is unreachable, the process
    uses the last measurement. Before the first successful measurement the process uses the clock of
    the computer.
    """
    follower = _Follower(engine)
    follower.measure()
    Thread(target=follower.run, name="clock", daemon=True).start()


class _Follower:
    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._is_measured = self._differs = False

    def run(self) -> None:
        while True:
            time.sleep(MEASURE_EVERY_S if self._is_measured else _RETRY_S)
            self.measure()

    def measure(self) -> None:
        """Read the clock of the database a few times, and set the clock of this process.

        The reading with the shortest round trip is used, because it is the most exact.
        """
        try:
            with self._engine.connect() as connection:
                samples = [_sample(connection) for _ in range(_SAMPLES)]
        except SQLAlchemyError as error:
            log.debug("clock.not_measured", error=type(error).__name__)
            return
        _, at, ticks_s = min(samples)
        clock.follow(at, ticks_s)
        self._is_measured = True
        self._compare()

    def _compare(self) -> None:
        """Log when the clock of the computer becomes wrong and when it is right again."""
        difference_s = (clock.own() - clock.now()).total_seconds()
        differs = abs(difference_s) > CLOCK_WARNS_S
        if differs != self._differs:
            self._differs = differs
            log.warning("clock.differs" if differs else "clock.agrees", seconds=round(difference_s))


def _sample(connection: sa.Connection) -> tuple[float, datetime, float]:
    """Read the clock of the database once, and measure the round trip.

    Returns the duration of the round trip in seconds, the time of the database, and the value of
    `clock.ticks` at that time.
    """
    before = clock.ticks()
    at = connection.scalar(_TIME)
    took_s = clock.ticks() - before
    assert isinstance(at, datetime)
    return took_s, at, before + took_s / 2
