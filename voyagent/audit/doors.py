"""The CSV of the audit trail as a response, for the page and the API."""

from __future__ import annotations

from flask import Response, current_app

from voyagent.audit import exports
from voyagent.audit.queries import Search
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.copy_export import Exports


def csv_answer(actor: Actor, search: Search) -> Response:
    """Return the file as a stream that begins once the export's event is committed.

    Raises as `exports.export`.
    """
    opened: Exports = current_app.extensions["voyagent.exports"]
    file = exports.export(actor, search, opened)
    answer = Response(
        file,
        mimetype="text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="{exports.file_name(actor.tenant_id)}"'
        },
    )
    answer.call_on_close(file.close)
    return answer
