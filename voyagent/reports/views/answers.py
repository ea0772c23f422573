"""What a report is answered as: the page, or the file that its address asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, current_app, render_template

from voyagent.http.files import filed, saved
from voyagent.kernel.copying import Exports, Snapshot
from voyagent.kernel.sheets import Sheet
from voyagent.reports.forms import Address
from voyagent.reports.spreadsheets import LINES_MAX
from voyagent.reports.streams import Stream


def answered(template: str, sheet: Callable[[], Sheet] | None, *, address: Address, wrong: list[str], **facts: Any) -> Any:
    """The file where one is asked for and there is a report, else the page: 422 where something was wrong."""
    if address.format is not None and sheet is not None:
        return filed(sheet(), "xlsx" if address.format == "xlsx" else "csv", bom=address.format == "csv-bom")
    return render_template(template, address=address, wrong=wrong, **facts), 422 if wrong else 200


def streamed(stream: Callable[[Snapshot], Stream], address: Address, tenant_id: UUID) -> Response:
    """A report of any length as CSV, from one moment of the books. Raises ExportsBusy."""
    exports: Exports = current_app.extensions["voyagent.exports"]
    snapshot = exports.open(tenant_id)
    try:
        told = stream(snapshot)
    except BaseException:
        snapshot.close()
        raise
    answer = saved(told.csv(snapshot, bom=address.format == "csv-bom"), f"{told.name}.csv", "text/csv")
    answer.call_on_close(snapshot.close)
    return answer


def page_size(address: Address, size: int) -> int:
    """How much is read at once: a page, or for a file all that one may have."""
    return size if address.format is None else LINES_MAX
