"""What a report is answered as: the page, or the file that its address asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from flask import Response, current_app, render_template

from voyagent.kernel.copying import Exports, Snapshot
from voyagent.reports.forms import Address, Format
from voyagent.reports.spreadsheets import LINES_MAX, Sheet
from voyagent.reports.streams import Stream
from voyagent.reports.workbooks import MIMETYPE, workbook


def answered(template: str, sheet: Callable[[], Sheet] | None, *, address: Address, wrong: list[str], **facts: Any) -> Any:
    """The file where one is asked for and there is a report, else the page: 422 where something was wrong."""
    if address.format is not None and sheet is not None:
        return _file(sheet(), address.format)
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


def saved(content: bytes | Iterable[str] | Iterable[bytes], name: str, mimetype: str) -> Response:
    """A file that the browser keeps under a name."""
    return Response(content, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="voyagent-{name}"'})


def page_size(address: Address, size: int) -> int:
    """How much is read at once: a page, or for a file all that one may have."""
    return size if address.format is None else LINES_MAX


def _file(sheet: Sheet, form: Format) -> Response:
    if form == "xlsx":
        return saved(workbook(sheet), f"{sheet.name}.xlsx", MIMETYPE)
    return saved(sheet.csv(bom=form == "csv-bom").encode(), f"{sheet.name}.csv", "text/csv")
