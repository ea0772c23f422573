"""Safe repeats, so that a POST or an opened form takes effect only once.

A POST repeats an earlier POST if it has the same `Idempotency-Key`. A repeat receives a copy of the
first response. Errors are not stored, so a repeat after an error runs again. A stored response is
encrypted, because it may have personal data. The erasure of a person (`privacy.service.erasure`)
deletes all stored responses of the agency but not the keys.

The first request inserts a row for its key, and other requests with the key wait until its
transaction ends. The response is stored in this row and committed with the changes of the request.
If the request releases its transaction early (`kernel.db.pause`), everything until then is rolled
back, with the row of the key. The row is inserted again at the end of the request. If another
request with the key has stored a response by then, the first request rolls back its later changes
and returns that response.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import structlog
from flask import Response, current_app, request
from sqlalchemy import DateTime, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.database.reauthentication import authenticate_again
from voyagent.kernel.db import Base, db, pause, rows_changed
from voyagent.kernel.errors import N_, Conflict, Unprocessable, VoyagentError
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.ids import new_id
from voyagent.kernel.jobs import task
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.limits.long_work import polling
from voyagent.kernel.tenancy import TenantOwned, current_tenant

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY_MAX = 255
ANSWER_BYTES_MAX = 256 * 1024
WAIT_S, LOCK_TIMEOUT_MS, POLL_INTERVAL_S, LAST_LOCK_TIMEOUT_MS = 9.5, 1000, 0.2, 20
WAITED_S = 0.05
"""Seconds of waiting for another request after which the caller is authenticated again."""
PURGE_ROWS = 5000
PURPOSE = "idempotency"  # the keyring derives a key for this purpose
ANSWER_PURPOSE = "idempotency_answer"
FORM, FORM_KEY_MAX = "form", 64
_PRINTABLE = re.compile(rf"[ -~]{{1,{KEY_MAX}}}", re.ASCII)
_WAITED_ENOUGH = frozenset({"55P03", "57014"})  # SQLSTATE of lock_timeout and of statement_timeout
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[ -~]+$"},
    "description": (
        "A unique key of this request. For 24 hours a repeated request with the same key, path,"
        " query and body changes nothing and receives the first response."
    ),
}
DESCRIPTION = (
    "Idempotent requests: give each authenticated POST that you may have to repeat its own"
    " `Idempotency-Key`, such as a random UUID. If there is no response, or a 409"
    " `idempotency_in_progress`, a 429 or a 5xx, send the same request again with the same key. A"
    " completed request does not run again: the response is a copy of the first one, with the"
    " header `Idempotent-Replayed: true`. A key belongs to its caller and is valid for one path,"
    " query and body (else 422 `idempotency_key_reused`) for 24 hours. Failed requests are not"
    " stored, so a repeated one runs again. A response with a secret is returned only once; a"
    " repeated request receives 409 `idempotency_secret_shown`. The erasure of a person deletes the"
    " stored responses of the agency; a repeated request then receives 409"
    " `idempotency_answer_erased`. A repeated message to the assistant receives the events of the"
    " turn that the first one started, from the first event."
)
log = structlog.get_logger(__name__)


class IdempotencyKeyReused(Unprocessable):
    """The caller has used this key for a different request within the last 24 hours."""

    code = "idempotency_key_reused"
    message = N_("This key was used for another request. Use a new one.")


class IdempotencyInProgress(Conflict):
    """The first request with this key is still running."""

    code = "idempotency_in_progress"
    message = N_("The first request with this key is still running. Repeat it in a moment.")
    retry_after_s = 1


class IdempotencySecretShown(Conflict):
    """The request was completed, and its secret response was not stored."""

    code = "idempotency_secret_shown"
    message = N_(
        "This request is already completed. Its response contained a secret, which is "
        "shown only once."
    )


class IdempotencyAnswerTooLarge(Conflict):
    """The request was completed; its response was too large to store."""

    code = "idempotency_answer_too_large"
    message = N_(
        "This request is already completed. Its response was too large to store. Read "
        "the record that it created."
    )


class IdempotencyAnswerErased(Conflict):
    """The request was completed; its response was deleted by the erasure of a person."""

    code = "idempotency_answer_erased"
    message = N_(
        "This request is already completed. Its response was deleted with the data of "
        "a person. Read the record that it created."
    )


def failures(*, secret_answer: bool) -> tuple[type[VoyagentError], ...]:
    """Return the errors that an operation may raise because of its `Idempotency-Key`.

    `secret_answer` is true if the operation's response contains a secret. Such a response is never
    stored, so a repeat gets IdempotencySecretShown, and the errors about stored responses are not
    in the result.
    """
    return (
        IdempotencyKeyReused,
        IdempotencyInProgress,
        *(
            (IdempotencySecretShown,)
            if secret_answer
            else (IdempotencyAnswerTooLarge, IdempotencyAnswerErased)
        ),
    )


class IdempotencyKey(TenantOwned, Base):
    """A key that a caller has used, the hash of the request, and the stored response.

    The hash is keyed, because a request may contain secrets. If `kept` is `sealed`, `body` has the
    headers and the body of the response, encrypted. If `kept` is `answer`, an earlier release
    stored headers and body without encryption. If `kept` is `place`, the response was an event
    stream, and `place` identifies its start. If `kept` is `secret`, `too_large` or `erased`, the
    response is not stored for this reason. While the request is running, `kept` is `nothing`.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        UniqueConstraint("tenant_id", "caller_id", "key", name="uq_idempotency_keys_caller"),
        Index("ix_idempotency_keys_created", "created_at"),
    )

    caller_id: Mapped[UUID]
    key: Mapped[str]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    kept: Mapped[str] = mapped_column(server_default="nothing")
    status: Mapped[int | None]
    headers: Mapped[list[list[str]] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    place: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class EventStreamResponse(Response):
    """An event stream that a repeated request can receive again.

    `place` identifies the start of the stream. For a repeated request, the operation's function
    `resume` receives `place`.
    """

    def __init__(self, stream: Any, *, place: Mapping[str, Any], content_type: str) -> None:
        super().__init__(stream, content_type=content_type)
        self.place = dict(place)


@dataclass(frozen=True, slots=True)
class Claim:
    """A request with an idempotency key: key, caller and a hash of the request.

    `request_hashes` also has the hashes made with earlier secrets of the installation. A repeat is
    therefore recognised after a change of the secret.
    """

    id: UUID
    caller_id: UUID
    key: str
    request_hash: bytes
    request_hashes: frozenset[bytes]
    actor: Actor = field(repr=False)

    @classmethod
    def of_request(cls, actor: Actor, key: str) -> Claim:
        """Return the key, the caller and a hash of the current request.

        The hash covers method, path, query and body.
        """
        return cls._of(actor, key, request.get_data(cache=True))

    @classmethod
    def of_form(cls, actor: Actor, key: str) -> Claim:
        """Return the key, the caller and a hash of a submitted form.

        The hash does not cover the fields, so a corrected form has the same hash.
        """
        return cls._of(actor, f"{FORM}:{key}", b"")

    @classmethod
    def _of(cls, actor: Actor, key: str, body: bytes) -> Claim:
        caller_id = actor.key_id or actor.user_id
        assert caller_id is not None
        keyring = _keyring()
        address = f"{request.method} {request.path}?".encode() + request.query_string
        request_hash = hashlib.sha256(hashlib.sha256(address).digest() + body).hexdigest()
        return cls(
            new_id(),
            caller_id,
            key,
            keyring.digest(PURPOSE, request_hash),
            frozenset(keyring.digests(PURPOSE, request_hash)),
            actor,
        )


def read_key() -> tuple[str | None, list[dict[str, object]]]:
    """Return the `Idempotency-Key` and its validation errors.

    The key is None if the header is missing.
    """
    given = request.headers.get(HEADER)
    if given is None or _PRINTABLE.fullmatch(given):
        return given, []
    problem = (
        "string_too_short"
        if not given
        else "string_too_long"
        if len(given) > KEY_MAX
        else "string_pattern_mismatch"
    )
    return given, [
        {
            "type": problem,
            "loc": ["header", HEADER],
            "msg": f"Must be 1 to {KEY_MAX} printable ASCII characters",
        }
    ]


def _has_not_failed(response: Response) -> bool:
    return response.status_code < 400


def _leads_on(response: Response) -> bool:
    return response.status_code == HTTPStatus.SEE_OTHER or "HX-Redirect" in response.headers


def form_once(actor: Actor, respond: Callable[[], Response]) -> Response:
    """Handle a submitted form once; a repeat redirects to the first result.

    A form without a valid `form_key` is handled each time. A form that was refused or only
    previewed may be sent again. Raises the errors of `once`.
    """
    key = request.form.get("form_key", "")
    if not _PRINTABLE.fullmatch(key) or len(key) > FORM_KEY_MAX:
        return respond()
    return once(
        Claim.of_form(actor, key), respond, resume=_nowhere, is_secret=False, is_done=_leads_on
    )


def _nowhere(place: dict[str, Any]) -> Response:
    raise NotImplementedError(place)


def once(
    claim: Claim,
    respond: Callable[[], Response],
    *,
    resume: Callable[[dict[str, Any]], Response],
    is_secret: bool,
    is_done: Callable[[Response], bool] = _has_not_failed,
) -> Response:
    """Call `respond` once for a key; a repeated request receives the first response.

    If `is_done(response)` is false, the key can be used again. If `is_secret` is true, the response
    itself is not stored. For a repeated request for an event stream, `resume` starts the stream
    again.

    Raises Unauthorized, IdempotencyKeyReused, IdempotencyInProgress, IdempotencySecretShown,
    IdempotencyAnswerTooLarge, IdempotencyAnswerErased, and the errors of `respond`.
    """
    row = _take(claim)
    if row["id"] != claim.id:
        return _repeat(claim, row, resume)
    try:
        response = respond()
    except VoyagentError as error:
        # The other request may have caused the error, as when both contain the same one-time code.
        row_of_other = _answered_meanwhile(claim, error)
        if row_of_other is not None:
            return _repeat(claim, row_of_other, resume)
        if error.keeps_work:
            _release(claim)
        raise
    if not is_done(response):
        _release(claim)
        return response
    if _store_response(claim, response, is_secret=is_secret):
        return response
    response.close()
    db.session.rollback()
    log.info("idempotency.overtaken")
    return _repeat(claim, _ask(claim, LAST_LOCK_TIMEOUT_MS), resume)


def _take(claim: Claim) -> Row:
    """Return the row of the key; if there is none, insert it.

    Waits while another request with the key is running. After a wait the caller is authenticated
    again.

    Raises Unauthorized, IdempotencyInProgress.
    """
    began, row = time.monotonic(), _ask(claim, LOCK_TIMEOUT_MS)
    if row is None:
        with polling(claim.actor.tenant_id, IdempotencyInProgress):
            row = _ask_again(claim, began + WAIT_S)
    if time.monotonic() >= began + WAITED_S:
        present = authenticate_again(claim.actor)
        if (present.role, present.permissions) != (claim.actor.role, claim.actor.permissions):
            raise IdempotencyInProgress
    return row


def _ask_again(claim: Claim, until: float) -> Row:
    while True:
        if time.monotonic() >= until:
            raise IdempotencyInProgress
        pause()
        time.sleep(POLL_INTERVAL_S)
        row = _ask(claim, LAST_LOCK_TIMEOUT_MS)
        if row is not None:
            return row


def _ask(claim: Claim, wait_ms: int) -> Row | None:
    found = db.session.execute(_CLAIM, {**_values(claim), "wait_ms": wait_ms}).mappings().first()
    return None if found is None else dict(found)


def _repeat(
    claim: Claim, row: Row | None, resume: Callable[[dict[str, Any]], Response]
) -> Response:
    if row is None or row["id"] == claim.id:
        raise IdempotencyInProgress  # the row of the other request was deleted meanwhile
    if bytes(row["request_hash"]) not in claim.request_hashes:
        raise IdempotencyKeyReused
    if row["kept"] in {"sealed", "answer"}:
        headers, body = (
            _opened(claim, bytes(row["body"]))
            if row["kept"] == "sealed"
            else (row["headers"], row["body"])
        )
        response = Response(
            body, status=row["status"], headers=[(name, value) for name, value in headers]
        )
    elif row["kept"] == "place":
        response = resume(row["place"])
    else:
        raise {
            "secret": IdempotencySecretShown,
            "too_large": IdempotencyAnswerTooLarge,
            "erased": IdempotencyAnswerErased,
        }.get(row["kept"], IdempotencyInProgress)
    response.headers[REPLAYED] = "true"
    return response


def _store_response(claim: Claim, response: Response, *, is_secret: bool) -> bool:
    """Store the response in the row of the key.

    Returns False if another request with the key has stored a response. Raises
    IdempotencyInProgress if another request with the key is still running.
    """
    values: dict[str, Any] = {"kept": "sealed", "status": None, "body": None, "place": None}
    if is_secret:
        values["kept"] = "secret"
    elif isinstance(response, EventStreamResponse):
        values.update(kept="place", place=json.dumps(response.place))
    elif len(body := response.get_data()) > ANSWER_BYTES_MAX:
        values["kept"] = "too_large"
    else:
        headers = [
            [name, value]
            for name, value in response.headers
            if name not in {"Content-Length", "Set-Cookie"}
        ]
        values.update(status=response.status_code, body=_sealed(claim, headers, body))
    try:
        return bool(rows_changed(_STORE, **_values(claim), **values))
    except OperationalError as error:
        response.close()
        if getattr(error.orig, "sqlstate", None) not in _WAITED_ENOUGH:
            raise
        raise IdempotencyInProgress from None


def _sealed(claim: Claim, headers: list[list[str]], body: bytes) -> bytes:
    plain = json.dumps(headers).encode() + b"\n" + body
    return _keyring().seal(ANSWER_PURPOSE, plain, bound_to=_bound(claim))


def _opened(claim: Claim, sealed: bytes) -> tuple[list[list[str]], bytes]:
    plain = _keyring().open(ANSWER_PURPOSE, sealed, bound_to=_bound(claim))
    headers, _, body = plain.partition(b"\n")
    return json.loads(headers), body


def _bound(claim: Claim) -> str:
    return f"idempotency_keys:{current_tenant(db.session)}:{claim.caller_id}:{claim.key}"


def _keyring() -> Keyring:
    keyring: Keyring = current_app.extensions["voyagent.keyring"]
    return keyring


def _answered_meanwhile(claim: Claim, error: VoyagentError) -> Row | None:
    """Return the row that another request with the key has stored, or None.

    `error` is the error of this request. If there is such a row, all changes of this request are
    rolled back, even if the error has `keeps_work`.
    """
    if not error.keeps_work:
        # after a failed statement the transaction accepts no query
        db.session.rollback()
    of = {
        "tenant_id": current_tenant(db.session),
        "caller_id": claim.caller_id,
        "key": claim.key,
        "id": claim.id,
    }
    row = db.session.execute(_ANSWERED_ROW, of).mappings().first()
    if row is None:
        return None
    db.session.rollback()
    log.info("idempotency.overtaken")
    return dict(row)


def _release(claim: Claim) -> None:
    rows_changed(
        "delete from idempotency_keys where tenant_id = :tenant_id and id = :id", id=claim.id
    )


def _values(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "caller_id": claim.caller_id,
        "key": claim.key,
        "request_hash": claim.request_hash,
    }


_CLAIM = text(
    "select id, request_hash, kept, status, headers, body, place from"
    " app.claim_idempotency_key(:id, :caller_id, :key, :request_hash, :wait_ms)",
)
_ANSWERED_ROW = text(
    "select id, request_hash, kept, status, headers, body, place from idempotency_keys where"
    " tenant_id = :tenant_id and caller_id = :caller_id and key = :key and id <> :id and created_at"
    " > now() - interval '24 hours'"
)
_STORE = """
insert into idempotency_keys as k (
  tenant_id, id, caller_id, key, request_hash, kept, status, headers, body, place)
values (
  :tenant_id, :id, :caller_id, :key, :request_hash, :kept, :status,
  null, :body, cast(:place as jsonb))
on conflict (tenant_id, caller_id, key) do update
   set id = excluded.id, request_hash = excluded.request_hash, created_at = now(),
       kept = excluded.kept, status = excluded.status, headers = excluded.headers,
       body = excluded.body, place = excluded.place
 where k.id = excluded.id or k.created_at <= now() - interval '24 hours'
"""


@task("http.purge_idempotency_keys", own_transactions=True, every="23 * * * *")
def purge(timestamp: int) -> None:  # noqa: ARG001 - the worker passes it
    """Delete keys that are older than 24 hours, in batches for each agency.

    The worker passes `timestamp`, which is not used.
    """
    in_agencies(
        lambda: db.session.scalars(text("select * from app.tenants_with_old_keys()")),
        lambda: rows_changed(_PURGE, n=PURGE_ROWS),
        more=lambda removed: removed == PURGE_ROWS,
    )


_PURGE = """
delete from idempotency_keys where tenant_id = :tenant_id and id in (
  select k.id from idempotency_keys k
   where k.tenant_id = :tenant_id and k.created_at <= now() - interval '24 hours'
   limit :n
)
"""
