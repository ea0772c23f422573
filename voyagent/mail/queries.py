"""Queries of the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ColumnExpressionArgument, select, text

from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.mail.models import Mail


@dataclass(frozen=True, slots=True)
class MailState:
    """State of a mail that was not sent, without its contents and its recipient.

    `last_error` is the name of the last error. A mail with `failed_at` was given up.
    """

    kind: str
    created_at: datetime
    due_at: datetime
    attempts: int
    last_error: str | None
    failed_at: datetime | None


def agencies_with_mail() -> list[UUID]:
    """Return the ids of agencies that have mails to queue, or mails too old to send."""
    return list(db.session.scalars(text("select app.tenants_with_mail(:at)"), {"at": clock.now()}))


def agency_name() -> str:
    """Return the name of the current agency."""
    return str(
        db.session.scalar(
            text(
                "select display_name from tenants where id = (select"
                " nullif(current_setting('app.tenant', true), '')::uuid)"
            )
        )
    )


def waiting_mails(most: int) -> list[MailState]:
    """Return the mails of the current agency that wait, the next to be sent first."""
    is_waiting = Mail.sent_at.is_(None) & Mail.failed_at.is_(None)
    return _states(is_waiting, (Mail.due_at, Mail.id), most)


def given_up_mails(most: int) -> list[MailState]:
    """Return the mails of the current agency that were given up, the latest first."""
    is_given_up = Mail.failed_at.is_not(None)
    return _states(is_given_up, (Mail.failed_at.desc(), Mail.id.desc()), most)


def _states(
    condition: ColumnElement[bool], order: tuple[ColumnExpressionArgument[Any], ...], most: int
) -> list[MailState]:
    columns = (
        Mail.kind,
        Mail.created_at,
        Mail.due_at,
        Mail.attempts,
        Mail.last_error,
        Mail.failed_at,
    )
    statement = select(*columns).where(condition).order_by(*order).limit(most)
    return [MailState(*row) for row in db.session.execute(statement)]
