"""Services of mail: store it, claim it for sending, retry, give up and delete."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import func, select, text

from voyagent.drivers.mail.driver import MailDriver
from voyagent.kernel import clock, limits
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.dry_run import notes_of
from voyagent.kernel.ids import new_id
from voyagent.kernel.jobs import defer
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.tenancy import current_tenant
from voyagent.mail import queries
from voyagent.mail.models import Mail
from voyagent.mail.rules import KINDS, Kind, Value

DELIVER_TASK = "mail.deliver"
LOCALES = frozenset({"en", "hi"})
PURPOSE = "mail"
# The wait after each failed attempt, in seconds: short at first, then two hours, for a day in all,
# because a mail server may be down that long.
DELAYS_S = (10, 60, 300, 1800, *(7200 for _ in range(11)))
SEND_JOBS_MAX = 2
"""Number of mails that are sent at the same time, by all workers together."""
_ADDRESS = re.compile(r"[^\s<>,;:()\[\]\"\\@\x00-\x1f\x7f]+@[^\s<>,;:()\[\]\"\\@\x00-\x1f\x7f]+")
log = structlog.get_logger(__name__)


class WrongMail(ValueError):
    """The kind of mail, its values or its recipient are invalid.

    The text of the exception contains none of the values.
    """


@dataclass(frozen=True, slots=True)
class Attached:
    """A file attached to a mail; `media_type` is for example `application/pdf`."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


class Contents(NamedTuple):
    """The decrypted contents of a mail: recipient, template values and attachment."""

    to: str
    values: dict[str, Value]
    attached: Attached | None = None
    left_out_for: str = ""
    """Period for which further mails may be left out, `hour` or `day`; empty if none are."""


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail that is claimed for sending, with its contents still encrypted."""

    id: UUID
    kind: str
    locale: str
    sealed: bytes = field(repr=False)
    created_at: datetime
    agency: str


@dataclass(frozen=True, slots=True)
class Outbox:
    """The settings, keys and mail driver of the installation.

    `driver` is None if the installation is in production and has no mail server configured.
    """

    settings: Settings
    keyring: Keyring
    driver: MailDriver | None
    limiter: limits.Limiter

    def send(
        self, *, to: str, kind: str, locale: str, attached: Attached | None = None, **values: Value
    ) -> UUID | None:
        """Store a mail, to be sent after the commit, and return its id.

        The result is None, and no mail is stored, if the mail is about an act (`Kind.is_notice`)
        and the recipient has received too many such mails from this agency.

        `kind` is a key of `mail.rules.KINDS`, which has the names and types of `values`. An unknown
        `locale` is replaced by English. The contents are encrypted.

        Raises WrongMail, TenantNotBound.
        """
        known = _checked(kind, values, self.settings.public_url)
        if attached is not None and not (known.for_customer or known.attaches):
            raise WrongMail(f"{kind} may not have an attachment")
        if not _ADDRESS.fullmatch(to) or not to.isprintable():
            raise WrongMail("the recipient is not a single e-mail address")
        mail_id, now = new_id(), clock.now()
        left_out_for = ""
        if known.is_notice:
            has_room, left_out_for = self._room_for_notice(kind, to)
            if not has_room:
                return None
        contents = json.dumps(
            {
                "to": to,
                "values": values,
                "attached": _written(attached),
                "left_out_for": left_out_for,
            }
        ).encode()
        sealed = self.keyring.seal(PURPOSE, contents, bound_to=str(mail_id))
        language = locale if locale in LOCALES else "en"
        useless_at = now + known.useful_for(values)
        db.session.add(
            Mail(
                id=mail_id,
                kind=kind,
                locale=language,
                sealed=sealed,
                created_at=now,
                due_at=now,
                queued_at=now,
                useless_at=useless_at,
            )
        )
        _queue(mail_id)
        if (notes := notes_of(db.session)) is not None:
            notes.mails.append((kind, to))
        return mail_id

    def unseal(self, mail: QueuedMail) -> Contents:
        """Decrypt the recipient, the values and the attachment. Raises SealBroken."""
        contents = json.loads(self.keyring.open(PURPOSE, mail.sealed, bound_to=str(mail.id)))
        return Contents(
            contents["to"],
            contents["values"],
            _read(contents.get("attached")),
            contents.get("left_out_for", ""),
        )

    def _room_for_notice(self, kind: str, to: str) -> tuple[bool, str]:
        """Count a mail about an act; return whether to send it, and `left_out_for`.

        `left_out_for` is `hour` or `day` if this is the last mail within a limit. The mail then
        says that further mails may be left out for this period. Otherwise `left_out_for` is empty.
        """
        agency = current_tenant(db.session)
        of_kind = self.limiter.count(limits.NOTICE_MAIL, account=f"{kind} {to}", agency=agency)
        if not of_kind.has_room:
            return False, ""
        of_all = self.limiter.count(limits.NOTICE_MAIL_TOTAL, account=to, agency=agency)
        return of_all.has_room, "day" if of_all.is_last else "hour" if of_kind.is_last else ""


def masked(address: str) -> str:
    """Mask an e-mail address: `neha@sharma.in` becomes `n***@sharma.in`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def take(mail_id: UUID) -> QueuedMail | None:
    """Claim a mail for sending; return None if the mail is not to be sent now.

    A mail can be sent twice with the same Message-ID, if a worker stops before the result is
    committed.
    """
    found = db.session.get(Mail, (current_tenant(db.session), mail_id), with_for_update=True)
    now = clock.now()
    if found is None or found.sealed is None or found.due_at > now or found.useless_at <= now:
        return None
    found.due_at = now + timedelta(seconds=DELAYS_S[min(found.attempts, len(DELAYS_S) - 1)])
    found.attempts += 1
    found.queued_at = None
    return QueuedMail(
        found.id, found.kind, found.locale, found.sealed, found.created_at, queries.agency_name()
    )


def note_sent(mail: QueuedMail) -> None:
    """Mark a mail as sent and clear its contents."""
    rows_changed(
        "update mails set sent_at = :now, last_error = null, sealed = null where tenant_id ="
        " :tenant_id and id = :id and sealed is not null",
        id=mail.id,
        now=clock.now(),
    )
    log.info("mail.sent", mail_id=str(mail.id), kind=mail.kind)


def note_failure(mail: QueuedMail, reason: str, *, is_final: bool) -> None:
    """Record the reason of a failed attempt.

    The mail is given up if the failure is final, or if all attempts have failed.
    """
    rows_changed(
        "update mails set last_error = :reason where tenant_id = :tenant_id and id = :id and sealed"
        " is not null",
        id=mail.id,
        reason=reason,
    )
    given_up = rows_changed(
        "update mails set failed_at = :now, sealed = null where tenant_id = :tenant_id and id = :id"
        " and sealed is not null and (:is_final or attempts > :last)",
        id=mail.id,
        now=clock.now(),
        is_final=is_final,
        last=len(DELAYS_S),
    )
    if given_up:
        log.error("mail.given_up", mail_id=str(mail.id), kind=mail.kind, reason=reason)
    else:
        log.warning("mail.not_sent", mail_id=str(mail.id), kind=mail.kind, reason=reason)


def see_to_mail() -> None:
    """Queue the due mails of the current agency, and give up mails that are too old."""
    now = clock.now()
    useless = rows_changed(
        "update mails set failed_at = :now, sealed = null where tenant_id = :tenant_id and sealed"
        " is not null and useless_at <= :now",
        now=now,
    )
    if useless:
        log.error("mail.useless", mails=useless)
    due = db.session.scalars(
        text(
            "update mails set queued_at = :now where tenant_id = :tenant_id and sealed is not null"
            " and due_at <= :now and (queued_at is null or queued_at <= :lost) returning id"
        ),
        {"now": now, "lost": now - timedelta(minutes=10), "tenant_id": current_tenant(db.session)},
    )
    for mail_id in due.all():
        _queue(mail_id)


def try_now() -> int:
    """Queue the mails of the current agency that wait for another attempt.

    Returns the number of these mails. A mail that is being sent at this moment is not sent twice,
    because jobs with the same lock run one after the other. A second call has no further effect.
    """
    waiting = db.session.scalars(
        text(
            "update mails set due_at = :now, queued_at = :now where tenant_id = :tenant_id and"
            " sealed is not null and due_at > :now and useless_at > :now returning id"
        ),
        {"now": clock.now(), "tenant_id": current_tenant(db.session)},
    ).all()
    for mail_id in waiting:
        _queue(mail_id)
    return len(waiting)


def drop_waiting(before: datetime | None) -> tuple[int, int]:
    """Give up the waiting mails that were created before a time.

    Returns the number of these mails, and the number of those that still wait. Without a time no
    mail is given up. Only the mails of the current agency count.
    """
    dropped = 0
    if before is not None:
        dropped = rows_changed(
            "update mails set failed_at = :now, sealed = null, last_error = 'dropped_after_restore'"
            " where tenant_id = :tenant_id and sealed is not null and created_at < :before",
            now=clock.now(),
            before=before,
        )
    waiting = select(func.count()).select_from(Mail).where(Mail.sealed.is_not(None))
    return dropped, db.session.scalar(waiting) or 0


def _written(attached: Attached | None) -> dict[str, str] | None:
    if attached is None:
        return None
    return {
        "name": attached.name,
        "media_type": attached.media_type,
        "content": base64.b64encode(attached.content).decode(),
    }


def _read(written: dict[str, Any] | None) -> Attached | None:
    return (
        None
        if written is None
        else Attached(written["name"], written["media_type"], base64.b64decode(written["content"]))
    )


def _queue(mail_id: UUID) -> None:
    defer(
        DELIVER_TASK,
        lock=f"mail.{mail_id.int % SEND_JOBS_MAX}",
        tenant_id=str(current_tenant(db.session)),
        mail_id=str(mail_id),
    )


def _checked(kind: str, values: dict[str, Value], public_url: str) -> Kind:
    known = KINDS.get(kind)
    if known is None:
        raise WrongMail("there is no such kind of mail")
    if set(values) != set(known.values):
        raise WrongMail(f"{kind} needs {', '.join(sorted(known.values)) or 'no values'}")
    for name, needed in known.values.items():
        value = values[name]
        if type(value) is not needed:
            raise WrongMail(f"{kind}: {name} must be {needed.__name__}")
        if known.choices and name in known.choices and value not in known.choices[name]:
            raise WrongMail(
                f"{kind}: {name} must be one of {', '.join(sorted(known.choices[name]))}"
            )
    link = str(values.get("link", ""))
    if "link" in values and not (
        link.startswith(public_url.rstrip("/") + "/") and link.isprintable() and " " not in link
    ):
        raise WrongMail(f"{kind}: the link is not on this site")
    return known
