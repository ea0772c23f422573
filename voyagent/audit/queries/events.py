"""Queries of audit events and of chain checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    Text,
    any_,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.selectable import LateralFromClause

from voyagent.audit.models import AuditCheck, AuditEvent, AuditHead, AuditPrivate
from voyagent.audit.queries.statements import newest_statement
from voyagent.kernel import clock
from voyagent.kernel.canonical import canonical_json
from voyagent.kernel.database.copy_export import json_cell
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import Columns
from voyagent.kernel.pages import Page, Part, next_cursor
from voyagent.kernel.tenancy import owned

_TABLE = AuditEvent.__table__
_EVENTS = _TABLE.c
_HEADS = AuditHead.__table__.c
_CHECKS = AuditCheck.__table__.c
_PRIVATE = AuditPrivate.__table__.c
HISTORY_MAX = 100
COUNTED_MAX = 1000
KINDS_MAX = 200
FAILED = ("failed", "rejected")
_SIGNED = ("seq", "head", "signed_at")


@dataclass(frozen=True, slots=True)
class Search:
    """Filters of a list of events; an event must match all of them.

    `first` and `last` are inclusive days in the time zone `zone`. If `first` is after `last`, no
    event matches.
    """

    actor_id: UUID | None = None
    kinds: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    status: Literal["ok", "error"] | None = None
    zone: str = "UTC"

    @property
    def is_everything(self) -> bool:
        """Return True if no filter is set, so that the number of the head is the total."""
        return self == Search(zone=self.zone)

    def conditions(self, events: Columns) -> list[ColumnElement[bool]]:
        """Return the filters as SQL conditions on the columns of a table of events."""
        found: list[ColumnElement[bool]] = []
        if self.actor_id is not None:
            found.append(events.actor_id == self.actor_id)
        if self.kinds:
            found.append(events.kind.in_(self.kinds))
        if self.first is not None:
            found.append(events.started_at >= clock.midnight(self.first, self.zone))
        if self.last is not None:
            found.append(
                events.started_at < clock.midnight(self.last + timedelta(days=1), self.zone)
            )
        if self.status is not None:
            failed = events.status.in_(
                [literal_column(f"'{word}'") for word in FAILED]
            )  # as literals, so that the partial index applies
            found.append(failed if self.status == "error" else ~failed)
        return found


@dataclass(frozen=True, slots=True)
class Directory:
    """Queries of people's names, supplied by the package `identity`.

    `name_of` selects the name for a column of person ids; `people` selects `id` and `full_name`.
    """

    name_of: Callable[[ColumnElement[Any]], ScalarSelect[Any]]
    people: Callable[[], Select[Any]]


@dataclass(frozen=True, slots=True)
class AuditListPage:
    """Data of the audit page: events, open event, filter options and checks.

    `is_capped` is true if more events match than were counted. `head_seq` is the number of the
    newest event, or 0. `signed` has seq, head and signed_at of the newest signed statement, or is
    None. `opened` is the event that the page shows in full, or None.
    """

    page: Page[Row]
    is_capped: bool
    head_seq: int
    checks: list[Row]
    kinds: list[str]
    people: list[Row]
    signed: Row | None
    opened: Row | None = None


_directory: list[Directory] = []


def use_directory(directory: Directory) -> None:
    """Set the queries of people's names; the application factory calls it once."""
    _directory[:] = [directory]


def name_of(person_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return a scalar select of the name of the person whose id is in a column."""
    return _directory[0].name_of(person_id)


def list_events(reader: Reader, search: Search, part: Part) -> Page[Row]:
    """Return a page of events, newest first, with the exact total, in one statement."""
    page = _page(reader.read(list_statement(search, part))[0], part)
    is_last = part.cursor is None and page.last >= page.total
    return replace(page, next_cursor=None) if is_last else page


def read_list_page(
    reader: Reader, search: Search, part: Part, opened: int | None = None
) -> AuditListPage:
    """Return the data of the audit page in one database round trip."""
    more = [_event_statement(opened)] if opened is not None else []
    rows, checks, kinds, people, *beside = reader.read(
        list_statement(search, part, for_page=True),
        checks_statement(),
        _kinds_statement(),
        _directory[0].people(),
        *more,
    )
    page = _page(rows, part)
    signed = {name: rows[0][f"signed_{name}"] for name in _SIGNED}
    return AuditListPage(
        page=page,
        is_capped=not search.is_everything and page.total > COUNTED_MAX,
        head_seq=int(rows[0]["head_seq"]),
        checks=checks,
        kinds=[row["kind"] for row in kinds],
        people=people,
        signed=signed if signed["seq"] is not None else None,
        opened=beside[0][0] if beside and beside[0] else None,
    )


def read_checks(reader: Reader) -> list[Row]:
    """Return the newest requested check of the chain and the newest finished one."""
    return reader.read(checks_statement())[0]


def events_statement(refs: Mapping[str, str], *, limit: int = HISTORY_MAX) -> Select[Any]:
    """Select the newest events whose references include all of `refs`."""
    # Row-level security keeps a plain select from using the index of `entity_refs`; the function
    # uses it. The rows that are returned are still subject to row-level security.
    keys = func.array(
        select(
            func.app.events_of(cast(literal(canonical_json(dict(refs)), Text), JSONB), limit)
        ).scalar_subquery()
    )
    return (
        select(
            _EVENTS.seq,
            _EVENTS.kind,
            _EVENTS.status,
            _EVENTS.actor_kind,
            _EVENTS.actor_id,
            _EVENTS.actor_email,
            _EVENTS.channel,
            *_with_private(_EVENTS),
            _EVENTS.recorded_at,
        )
        .where(owned(AuditEvent), _EVENTS.seq == any_(keys))
        .order_by(_EVENTS.seq.desc())
    )


@cached_statement
def list_statement(search: Search, part: Part, *, for_page: bool = False) -> Select[Any]:
    """Select a page of events, each row with the total.

    If no event matches, the result is one row with the total and without an id. For the audit page
    (`for_page`) the count stops at a limit. Each row then also has the newest signed statement.
    """
    found = _total(search, capped=for_page)
    rows = _rows(search, part, found)
    shown = (
        _shown(rows.c, named=for_page)
        .add_columns(found.c.total)
        .select_from(found.outerjoin(rows, literal(value=True)))
    )
    if for_page:
        signed = newest_statement().subquery("signed")
        shown = shown.outerjoin(signed, literal(value=True)).add_columns(
            _head_seq().label("head_seq"),
            *(signed.c[name].label(f"signed_{name}") for name in _SIGNED),
        )
    return shown.order_by(rows.c.started_at.desc(), rows.c.seq.desc())


def export_statement(search: Search) -> Select[Any]:
    """Select the CSV rows of the events that a search finds, newest first.

    Cells that look like formulas begin with an apostrophe.
    """
    # Sort inside and format outside: the first rows are returned before all are formatted.
    inside = (
        select(_TABLE)
        .where(owned(AuditEvent), *search.conditions(_EVENTS))
        .order_by(_EVENTS.started_at.desc(), _EVENTS.seq.desc())
    )
    events = inside.subquery("ordered").c
    wire = _wire(events)
    columns = [
        wire["created_at"],
        func.app.csv_cell(events.kind).label("kind"),
        wire["actor_kind"],
        events.actor_id,
        func.app.csv_cell(wire["actor_email"]).label("actor_email"),
        wire["status"],
        func.app.csv_cell(wire["summary"]).label("summary"),
        json_cell(wire["payload"]).label("payload_json"),
    ]
    return select(*columns).order_by(events.started_at.desc(), events.seq.desc())


def count_statement(search: Search, *, at_most: int) -> Select[Any]:
    """Count matching events, but stop at `at_most`."""
    return select(func.count().label("n")).select_from(
        select(literal(1))
        .where(owned(AuditEvent), *search.conditions(_EVENTS))
        .limit(at_most)
        .subquery()
    )


def checks_statement() -> Select[Any]:
    """Select the newest check of the chain and the newest finished check."""
    newest = (
        select(_CHECKS.id)
        .where(owned(AuditCheck))
        .order_by(_CHECKS.asked_at.desc(), _CHECKS.id.desc())
        .limit(1)
    )
    ended = (
        select(_CHECKS.id)
        .where(owned(AuditCheck), _CHECKS.checked_at.is_not(None))
        .order_by(_CHECKS.asked_at.desc(), _CHECKS.id.desc())
        .limit(1)
    )
    columns = (
        _CHECKS.id,
        _CHECKS.asked_at,
        _CHECKS.checked_at,
        _CHECKS.ok,
        _CHECKS.through_seq,
        _CHECKS.first_bad_seq,
        _CHECKS.reason,
    )
    wanted = _CHECKS.id.in_([newest.scalar_subquery(), ended.scalar_subquery()])
    return (
        select(*columns)
        .where(owned(AuditCheck), wanted)
        .order_by(_CHECKS.asked_at.desc(), _CHECKS.id.desc())
    )


def _page(rows: list[Row], part: Part) -> Page[Row]:
    items = [row for row in rows if row["id"] is not None]
    cursor = next_cursor(items, part.limit, at="started_at")
    return Page(
        items=items,
        total=int(rows[0]["total"]),
        limit=part.limit,
        offset=part.offset,
        next_cursor=cursor,
    )


def _total(search: Search, *, capped: bool) -> CTE:
    if search.is_everything:
        total = _head_seq()
    else:
        matching = select(literal(1)).where(owned(AuditEvent), *search.conditions(_EVENTS))
        counted = matching.limit(COUNTED_MAX + 1) if capped else matching
        total = select(func.count()).select_from(counted.subquery()).scalar_subquery()
    return (
        select(total.label("total")).cte("found").prefix_with("materialized")
    )  # counted once, though it is used twice


def _head_seq() -> ScalarSelect[Any]:
    return (
        select(cast(func.coalesce(func.max(_HEADS.seq), 0), BigInteger))
        .where(owned(AuditHead))
        .scalar_subquery()
    )


def _rows(search: Search, part: Part, found: CTE) -> LateralFromClause:
    table = _TABLE.alias("l")
    page = (
        select(table)
        .where(owned(table), *search.conditions(table.c), *_place(part, table))
        .limit(part.limit)
    )
    if part.cursor is None:
        page = page.where(part.offset < found.c.total).offset(part.offset)
    order = (
        (table.c.started_at, table.c.seq)
        if part.backward
        else (table.c.started_at.desc(), table.c.seq.desc())
    )
    return page.order_by(*order).lateral("rows")


def _place(part: Part, table: FromClause) -> list[ColumnElement[bool]]:
    """Return the condition for the events on the requested side of the cursor."""
    if part.cursor is None:
        return []
    its_seq = (
        select(_EVENTS.seq).where(owned(AuditEvent), _EVENTS.id == part.cursor.id).scalar_subquery()
    )
    here, there = tuple_(table.c.started_at, table.c.seq), tuple_(literal(part.cursor.at), its_seq)
    return [here > there if part.backward else here < there]


def _event_statement(seq: int) -> Select[Any]:
    return _shown(_EVENTS, named=True).where(owned(AuditEvent), _EVENTS.seq == seq)


def _shown(events: Columns, *, named: bool) -> Select[Any]:
    """Select the columns of an API response; `named` adds those of the audit page."""
    wire = _wire(events)
    columns = [
        events.id,
        events.tenant_id,
        events.seq,
        events.started_at,
        events.actor_id,
        events.kind,
        *wire.values(),
    ]
    if named:
        columns += [
            events.channel,
            events.driver,
            events.error,
            events.entity_refs,
            *_with_private(events),
            events.recorded_at,
        ]
        columns += [
            events.approved_by,
            events.approved_at,
            events.status.label("stored_status"),
            events.actor_kind.label("stored_kind"),
        ]
        columns += [
            events.prev_hash,
            events.hash,
            _directory[0].name_of(events.actor_id).label("actor_name"),
        ]
        columns += [_directory[0].name_of(events.approved_by).label("approver_name")]
    return select(*columns)


def _wire(events: Columns) -> dict[str, ColumnElement[Any]]:
    """Return the columns that API and CSV have in common, by name."""
    failed = events.status.in_(FAILED)
    status_text = func.concat(" (", events.status, ")")
    summary = func.concat(
        events.kind,
        case(
            (events.error.is_not(None), func.concat(": ", events.error)),
            (events.driver.is_not(None), func.concat(" via ", events.driver, status_text)),
            else_=status_text,
        ),
    )
    made = {
        "created_at": func.app.instant(events.started_at),
        "actor_kind": case((events.actor_kind == "human", "user"), else_=events.actor_kind),
        "actor_email": func.nullif(events.actor_email, ""),
        "status": case((failed, "error"), else_="ok"),
        "summary": summary,
        "payload": _payload(events),
    }
    return {name: column.label(name) for name, column in made.items()}


def _with_private(events: Columns) -> list[ColumnElement[Any]]:
    """Return inputs and outputs with their personal text.

    If the personal text was erased, the inputs have the member `erased`.
    """
    has_private = events.inputs.has_key("private")
    found: list[ColumnElement[Any]] = []
    for name in ("inputs", "outputs"):
        part = (
            select(func.coalesce(_PRIVATE.parts[name], cast(literal("{}"), JSONB)))
            .where(
                owned(AuditPrivate),
                _PRIVATE.tenant_id == events.tenant_id,
                _PRIVATE.seq == events.seq,
            )
            .scalar_subquery()
        )
        gone = literal('{"erased": true}' if name == "inputs" else "{}")
        whole = events[name].op("-")("private").op("||")(func.coalesce(part, cast(gone, JSONB)))
        found.append(case((has_private, whole), else_=events[name]).label(name))
    return found


def _payload(events: Columns) -> ColumnElement[Any]:
    """Return inputs, outputs and references as JSON; other members only with a value."""
    inputs, outputs = _with_private(events)
    payload: ColumnElement[Any] = func.jsonb_build_object(
        "inputs", inputs, "outputs", outputs, "entity_refs", events.entity_refs
    )
    optional = {
        "driver": events.driver,
        "error": events.error,
        "approval_required": func.nullif(events.approval_required, False),  # noqa: FBT003 - SQL's own function takes two values
        "approved_by": events.approved_by,
        "approved_at": func.app.instant(events.approved_at),
        "completed_at": func.app.instant(events.completed_at),
    }
    pairs = [part for name, value in optional.items() for part in (name, value)]
    return payload.op("||")(func.jsonb_strip_nulls(func.jsonb_build_object(*pairs)))


def _kinds_statement() -> Select[Any]:
    """Select each kind of event in the agency's trail, with one index lookup per kind."""
    first = (
        select(func.min(_EVENTS.kind).label("kind"))
        .where(owned(AuditEvent))
        .cte("kinds", recursive=True)
    )
    table = _TABLE.alias("n")
    following = (
        select(func.min(table.c.kind))
        .where(owned(table), table.c.kind > first.c.kind)
        .scalar_subquery()
    )
    kinds = first.union_all(select(following).where(first.c.kind.is_not(None)))
    return select(kinds.c.kind).where(kinds.c.kind.is_not(None)).limit(KINDS_MAX)
