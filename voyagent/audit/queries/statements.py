"""Queries of the signed statements of an agency's audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from voyagent.audit.models import AuditEvent, AuditStatement
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.tenancy import owned

_COLUMNS = AuditStatement.__table__.c
NUMBER_BY_AGENCY = "select tenant_id, count(*) from audit_statements group by 1"
"""The number of signed statements of each agency, for a role that sees all rows."""


class StatementNotFound(NotFound):
    """The audit log of the agency has no signed statement yet."""

    code = "audit_statement_not_found"
    message = N_(
        "The audit log has no signed statement yet. One is signed every night if this"
        " installation has a signing key."
    )


@cached_statement
def newest_statement() -> Select[Any]:
    """Select the newest signed statement of the current agency."""
    return (
        select(
            _COLUMNS.number,
            _COLUMNS.seq,
            func.encode(_COLUMNS.head, "hex").label("head"),
            _COLUMNS.kid,
            _COLUMNS.signed_at,
            _COLUMNS.document,
        )
        .where(owned(AuditStatement))
        .order_by(_COLUMNS.number.desc())
        .limit(1)
    )


def read_newest(reader: Reader) -> Row:
    """Return the newest signed statement of the agency. Raises StatementNotFound."""
    return first_row(reader.read(newest_statement())[0], StatementNotFound)


def stored_documents() -> list[str]:
    """Return the lines of all statements of the current agency, oldest first."""
    return list(db.session.scalars(select(AuditStatement.document).order_by(AuditStatement.number)))


def first_event_at() -> datetime | None:
    """Return the time of the current agency's first event, or None without events."""
    return db.session.scalar(select(AuditEvent.recorded_at).order_by(AuditEvent.seq).limit(1))
