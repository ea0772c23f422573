"""The time since which sessions of operators are valid.

All operators share one token, so there is one time for all of them.
"""

from __future__ import annotations

from sqlalchemy import text

from voyagent.kernel import clock
from voyagent.kernel.db import db

_READ = text("select extract(epoch from operator_sessions_from)::float8 from installation")
_END = text("update installation set operator_sessions_from = to_timestamp(:now)")


def valid_from() -> float:
    """Return the time after which all valid sessions began, in seconds since 1970.

    A session that began at this time or earlier has ended.
    """
    return float(db.session.scalar(_READ))


def end_all() -> None:
    """End all sessions that began before now."""
    db.session.execute(_END, {"now": clock.seconds()})
