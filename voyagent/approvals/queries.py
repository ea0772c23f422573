"""Queries of proposals.

A query leaves out proposals of deleted conversations, unless the docstring says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    case,
    cast,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from voyagent.approvals.models import Approval, ApprovalCount
from voyagent.chat.queries.sessions import lock as lock_session, title_of
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader, first_row
from voyagent.kernel.database.roll_ups import RollUp
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.ids import parse_id
from voyagent.kernel.pages import Cursor, InvalidCursor, Page
from voyagent.kernel.tenancy import owned

_C = Approval.__table__.c
_N = ApprovalCount.__table__.c
_PREFIX = "ap-"
PAGE_CALL = "page-"
"""Prefix of tool call ids for proposals that were made on an HTML page."""
_NEWEST_FIRST = (_C.requested_at.desc(), _C.id.desc())
DECIDED_MAX = 20


class ApprovalNotFound(NotFound):
    """The agency has no such proposal, or its conversation was deleted."""

    code = "approval_not_found"
    message = N_("This request no longer exists. Its conversation may have been deleted.")


def agencies_with_proposals() -> list[UUID]:
    """Return the ids of agencies with overdue proposals or delayed acts.

    An act is delayed if it was approved a minute ago or earlier and has not run yet.
    """
    return list(db.session.scalars(text("select app.tenants_with_proposals(clock_timestamp())")))


def get_approval(approval_id: str) -> Approval:
    """Return a proposal whose conversation is not deleted. Raises ApprovalNotFound."""
    found = find_approval(approval_id)
    if found is None or found.hidden_at is not None:
        raise ApprovalNotFound
    return found


def row_of(approval: Approval) -> Row:
    """Return the columns of a loaded proposal as a row."""
    return {name: getattr(approval, name) for name in _C.keys()}  # noqa: SIM118 - not a dict


def get_locked(approval_id: str) -> Approval:
    """Lock a proposal's conversation and return the proposal.

    The lock makes other decisions and edits in this conversation wait. Raises ApprovalNotFound.
    """
    lock_session(get_approval(approval_id).session_id)
    return get_approval(approval_id)


def mark_of(approval: Approval | Row) -> str:
    """Return the version of a proposal: a hash of its arguments and its preview."""
    preview_hash, arguments_hash = (
        approval[n] if isinstance(approval, dict) else getattr(approval, n)
        for n in ("preview_hash", "arguments_hash")
    )
    return str(preview_hash or arguments_hash)


def find_approval(approval_id: str) -> Approval | None:
    """Return a proposal, or None if there is none with this id.

    A proposal of a deleted conversation is returned too.
    """
    return db.session.scalar(
        select(Approval).where(Approval.id == approval_id).execution_options(populate_existing=True)
    )


def get_row(reader: Reader, approval_id: str) -> Row:
    """Return a proposal as a row for lists and pages. Raises ApprovalNotFound."""
    return first_row(reader.read(row_statement(approval_id))[0], ApprovalNotFound)


def row_statement(approval_id: str) -> Select[Any]:
    """Select a proposal with the columns of lists and pages."""
    return _rows().where(_C.id == approval_id)


def several_statement(approval_ids: Sequence[str]) -> Select[Any]:
    """Select proposals by id, those that expire first at the top."""
    return _rows().where(_C.id.in_(approval_ids)).order_by(None).order_by(_C.expires_at, _C.id)


def list_approvals(
    reader: Reader,
    *,
    status: str = "pending",
    session_id: UUID | None = None,
    limit: int = 50,
    offset: int = 0,
    cursor: str | None = None,
) -> Page[Row]:
    """Return a page of proposals of one status, newest first, and their total number.

    The status `all` selects every proposal. Raises InvalidCursor.
    """
    rows, counts = reader.read(*_page(status, session_id, limit, offset, cursor))
    return Page(rows, int(counts[0]["total"]), limit, offset, _next(rows, limit))


@cached_statement
def waiting_statement(limit: int = 50) -> Select[Any]:
    """Select pending proposals, those that expire first at the top."""
    return _rows().where(is_pending()).order_by(None).order_by(_C.expires_at, _C.id).limit(limit)


def decided_statement(since: datetime) -> Select[Any]:
    """Select the newest decided and expired proposals requested since an instant.

    At most DECIDED_MAX proposals are selected, newest first.
    """
    return _rows().where(_C.requested_at >= since, ~is_pending()).limit(DECIDED_MAX)


def waiting_count() -> ScalarSelect[Any]:
    """Return an SQL subquery of the number of pending proposals."""
    return _total("pending")


def is_pending() -> ColumnElement[bool]:
    """Return the SQL condition that a proposal is pending and within its time limit."""
    return (_C.status == "pending") & (_C.expires_at > func.now()) & _C.hidden_at.is_(None)


def pending_of_session(reader: Reader, session_id: UUID) -> list[Row]:
    """Return a conversation's pending proposals, oldest first.

    Rows: approval_id, tool_name, summary, expires_at.
    """
    return reader.read(pending_statement(session_id))[0]


def pending_statement(session_id: UUID) -> Select[Any]:
    """Select a conversation's pending proposals, oldest first."""
    return (
        select(_C.id.label("approval_id"), _C.tool_name, _C.summary, _C.expires_at)
        .where(owned(Approval), _C.session_id == session_id, is_pending())
        .order_by(_C.requested_at, _C.id)
    )


def find_unfinished(tool_name: str, name: str, value: str) -> str | None:
    """Return the id of the newest unfinished proposal of an act, or None.

    `tool_name` is the name of the act. The proposal's argument `name` must have the value `value`.
    A proposal is unfinished if it is pending, or if it is approved and its act has not run yet.
    """
    found = SessionReader(db.session).read(unfinished_statement(tool_name, name, value))[0]
    return found[0]["id"] if found else None


def is_under_way(tool_name: str, name: str, value: str) -> bool:
    """Return True if an approved proposal of an act waits to be carried out.

    `tool_name` is the name of the act. The proposal's argument `name` must have the value `value`.
    Proposals of deleted conversations count too.
    """
    granted = (
        select(_C.id)
        .where(
            owned(Approval),
            _C.effect_status == "waiting",
            _C.tool_name == tool_name,
            _C.payload[name].astext == value,
        )
        .limit(1)
    )
    return bool(SessionReader(db.session).read(granted)[0])


def unfinished_statement(tool_name: str, name: str, value: str | ColumnElement[str]) -> Select[Any]:
    """Return an SQL select of the newest unfinished proposal of an act.

    `tool_name` is the name of the act. The proposal's argument `name` must have the value `value`.
    A proposal is unfinished if it is pending, or if it is approved and its act has not run yet.
    Rows: id, session_id, summary, status, expires_at.
    """
    under_way = (_C.effect_status == "waiting") & _C.hidden_at.is_(None)
    return (
        select(_C.id, _C.session_id, _C.summary, _C.status, _C.expires_at)
        .where(
            owned(Approval),
            is_pending() | under_way,
            _C.tool_name == tool_name,
            _C.payload[name].astext == value,
        )
        .order_by(*_NEWEST_FIRST)
        .limit(1)
    )


def session_statement(session_id: UUID) -> Select[Any]:
    """Select all proposals of a conversation, oldest first."""
    return (
        _rows().where(_C.session_id == session_id).order_by(None).order_by(_C.requested_at, _C.id)
    )


def state_of(session_id: UUID) -> str:
    """Return a hash that changes whenever a proposal of the conversation changes."""
    parts = func.concat_ws(
        " ", _C.id, _shown_status(), _C.effect_status, _C.arguments_hash, _C.preview_hash
    )
    whole = func.array_to_string(func.array_agg(aggregate_order_by(parts, _C.id)), ",")
    found = select(func.md5(func.coalesce(whole, "")).label("mark")).where(
        owned(Approval), _C.session_id == session_id, _C.hidden_at.is_(None)
    )
    return str(SessionReader(db.session).read(found)[0][0]["mark"])


def _shown_state() -> ColumnElement[str]:
    """Return the SQL expression of the state that pages show.

    The state is `error` if the act failed, `withdrawn` if the proposal expired with a stored
    reason, and the status otherwise.
    """
    is_withdrawn = (_C.status == "expired") & _C.reason.is_not(None)
    return case(
        (_C.effect_status == "failed", literal("error")),
        (is_withdrawn, literal("withdrawn")),
        else_=_shown_status(),
    )


def _shown_status() -> ColumnElement[str]:
    return case((_is_overdue(), literal("expired")), else_=_C.status)


def _rows() -> Select[Any]:
    return (
        select(
            _C.id,
            _C.session_id,
            _C.turn_id,
            _C.tool_call_id,
            _C.tool_name,
            _C.summary,
            _C.payload,
            _C.arguments_hash,
            ((_C.turn_id.is_(None)) & _C.tool_call_id.startswith(PAGE_CALL)).label("asked_on_page"),
            _C.requested_at,
            _C.expires_at,
            _shown_status().label("status"),
            _shown_state().label("state"),
            _C.requested_by_user_id,
            _C.resolved_at,
            _C.resolved_by_user_id,
            _C.reason,
            _C.effect_status,
            _C.effect_result,
            _C.effect_error,
            _C.effect_finished_at,
            _C.preview,
            _C.preview_hash,
            _C.original_payload,
            _C.edited_by_user_id,
            _C.edited_at,
            _C.superseded_by,
            _C.amount_minor,
            _C.currency,
            name_of(_C.requested_by_user_id).label("requester_name"),
            name_of(_C.resolved_by_user_id).label("resolver_name"),
            name_of(_C.edited_by_user_id).label("editor_name"),
            title_of(_C.session_id).label("session_title"),
        )
        .where(owned(Approval), _C.hidden_at.is_(None))
        .order_by(*_NEWEST_FIRST)
    )


def _is_overdue() -> ColumnElement[bool]:
    return (_C.status == "pending") & (_C.expires_at <= func.now())


def _in_state(status: str) -> ColumnElement[bool]:
    if status == "pending":
        return is_pending()
    return true() if status == "all" else _C.status == status


@cached_statement
def _page(
    status: str, session_id: UUID | None, limit: int, offset: int, cursor: str | None
) -> tuple[Select[Any], Select[Any]]:
    """Select the rows of a page of proposals, and their total."""
    total = _counted(status, session_id) if session_id is not None else _total(status)
    return _some(status, session_id, limit, offset, cursor, total), select(total.label("total"))


def _some(
    status: str,
    session_id: UUID | None,
    limit: int,
    offset: int,
    cursor: str | None,
    total: ScalarSelect[Any],
) -> Select[Any]:
    narrowed: list[ColumnElement[bool]] = []
    if session_id is not None:
        narrowed.append(_C.session_id == session_id)
    if cursor is not None:
        narrowed.append(_behind(cursor))
    if offset:
        narrowed.append(literal(offset) < total)  # beyond the last page no row is read
    if status != "expired":
        return _rows().where(_in_state(status), *narrowed).limit(limit).offset(offset)
    # The list has two statuses. Each is read in index order, and the page is merged from both.
    heads = [
        _rows().where(condition, *narrowed).limit(limit + offset).subquery()
        for condition in (_C.status == "expired", _is_overdue())
    ]
    both = union_all(*(select(head) for head in heads)).subquery()
    return (
        select(both)
        .order_by(both.c.requested_at.desc(), both.c.id.desc())
        .limit(limit)
        .offset(offset)
    )


def _total(status: str) -> ScalarSelect[Any]:
    """Return an SQL subquery of the number of proposals with a status."""
    overdue = (
        select(func.count())
        .select_from(Approval.__table__)
        .where(owned(Approval), _is_overdue(), _C.hidden_at.is_(None))
        .scalar_subquery()
    )
    counted = select(cast(func.coalesce(func.sum(_N.n), 0), BigInteger)).where(owned(ApprovalCount))
    if status != "all":
        counted = counted.where(_N.status == status)
    change = {"pending": -overdue, "expired": overdue}.get(status)
    number = counted.scalar_subquery() if change is None else counted.scalar_subquery() + change
    return select(number).scalar_subquery()


def _counted(status: str, session_id: UUID) -> ScalarSelect[Any]:
    state = _in_state(status) | _is_overdue() if status == "expired" else _in_state(status)
    return (
        select(func.count())
        .select_from(Approval.__table__)
        .where(owned(Approval), _C.session_id == session_id, _C.hidden_at.is_(None), state)
        .scalar_subquery()
    )


def _behind(cursor: str) -> ColumnElement[bool]:
    after = Cursor.decode(cursor)
    return tuple_(_C.requested_at, _C.id) < tuple_(
        literal(after.at), literal(f"{_PREFIX}{after.id}")
    )


def _next(rows: list[Row], limit: int) -> str | None:
    if len(rows) < limit:
        return None
    key = parse_id(rows[-1]["id"].removeprefix(_PREFIX))
    if key is None:
        return None
    return Cursor(rows[-1]["requested_at"], key).encode()


ROLL_UPS = (
    RollUp(
        "approvals",
        ApprovalCount,
        (
            select(_C.status, literal(1, BigInteger).label("n")).where(
                owned(Approval), _C.hidden_at.is_(None)
            ),
        ),
    ),
)
"""The number of proposals by status, which triggers maintain."""

__all__ = [
    "PAGE_CALL",
    "ApprovalNotFound",
    "InvalidCursor",
    "decided_statement",
    "find_approval",
    "find_unfinished",
    "get_approval",
    "get_locked",
    "get_row",
    "is_pending",
    "is_under_way",
    "list_approvals",
    "mark_of",
    "pending_of_session",
    "pending_statement",
    "row_statement",
    "session_statement",
    "several_statement",
    "state_of",
    "unfinished_statement",
    "waiting_count",
    "waiting_statement",
]
