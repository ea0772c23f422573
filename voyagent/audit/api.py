"""JSON API of the audit log, for administrators."""

from __future__ import annotations

from flask import Response

from voyagent.audit.exports import trail
from voyagent.audit.exports.trail import ExportTooLarge
from voyagent.audit.queries import events, statements
from voyagent.audit.queries.statements import StatementNotFound
from voyagent.audit.schemas import (
    AuditFilter,
    AuditListQuery,
    AuditListResponse,
    AuditStatementResponse,
    InvalidActorId,
)
from voyagent.http.api import ApiBlueprint
from voyagent.http.files import csv_stream, open_snapshot
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.copy_export import ExportsBusy
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body

api = ApiBlueprint("audit", __name__, tag="Audit", guard=Guard.BEARER)


@api.get(
    "/audit",
    answer=AuditListResponse,
    permission="audit.read",
    errors=(InvalidActorId, InvalidCursor),
)
def list_audit(reader: Reader, query: AuditListQuery) -> Body[AuditListResponse]:
    """List the events of people, the assistant and the system, newest first.

    An event must match all filters. A page after the last event is empty, but its `total` is
    correct. This request is not recorded in the audit log.
    """
    return AuditListResponse.of(events.list_events(reader, query.search(), query.part()))


@api.get(
    "/audit/export.csv",
    answer={"type": "string"},
    permission="audit.read",
    errors=(InvalidActorId, ExportTooLarge, ExportsBusy),
    media_type="text/csv; charset=utf-8",
)
def export_audit(actor: Actor, query: AuditFilter) -> Response:
    """Export the matching events as CSV, newest first.

    An export of more than 100,000 events is refused; narrow the filters then.
    A cell that a spreadsheet would read as a formula begins with an apostrophe. The audit log
    records the export, but this file does not include that event.
    """
    file = trail.export(actor, query.search(), open_snapshot)
    return csv_stream(file, trail.file_name(actor.tenant_id))


@api.get(
    "/audit/statement",
    answer=AuditStatementResponse,
    permission="audit.read",
    errors=(StatementNotFound,),
)
def read_statement(reader: Reader) -> Body[AuditStatementResponse]:
    """Return the newest signed head of the audit log.

    The head is the number and hash of the newest event. Heads are signed every night with a key
    that is not in the database. Keep the statement as proof that the audit log still contains the
    same events. This request is not recorded.
    """
    return AuditStatementResponse.of(statements.read_newest(reader))
