"""File responses, which open in the browser or are downloaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Literal, Protocol, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, current_app, jsonify, request, url_for
from pydantic import Field
from werkzeug.http import parse_options_header

from voyagent.http.client import client_network
from voyagent.http.guards import auth_adapter, present_actor
from voyagent.http.htmx import see_other
from voyagent.kernel.database.copy_export import Exports, Snapshot
from voyagent.kernel.db import finish, when_undone
from voyagent.kernel.fields import Query
from voyagent.kernel.listings import Listing, Stream
from voyagent.kernel.sheets import Sheet, check_rows
from voyagent.kernel.workbooks import MIMETYPE, workbook

PDF: dict[str, Any] = {"type": "string", "format": "binary"}
"""JSON schema of a PDF response, and of other binary responses."""
Format = Literal["pdf", "csv", "xlsx"]
"""Formats in which a document or report can be downloaded."""
MEDIA_TYPES: dict[Format, str] = {"pdf": "application/pdf", "csv": "text/csv", "xlsx": MIMETYPE}
SCHEMAS: dict[Format, dict[str, Any]] = {"pdf": PDF, "csv": {"type": "string"}, "xlsx": PDF}
"""JSON schema of a response in each format."""
DOCUMENTED: dict[Format, str] = MEDIA_TYPES | {"csv": "text/csv; charset=utf-8"}
"""Media type of each format in the OpenAPI document."""
_NO_FILTERS = frozenset(("format", "after", "cursor"))
_FILTERS_MAX = 100


class File(Protocol):
    """Protocol of files: name, media type and bytes."""

    @property
    def name(self) -> str:
        """Return the file name with its extension."""

    @property
    def media_type(self) -> str:
        """Return the media type, such as `application/pdf`."""

    @property
    def content(self) -> bytes:
        """Return the contents."""


class ByteStream(Protocol):
    """Protocol of an iterator over the contents of a file; its user must close it."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the contents in chunks."""

    def close(self) -> None:
        """Release the connection or other source that is read."""


class PdfQuery(Query):
    """Query parameter for the language of a document."""

    locale: Literal["en", "hi"] | None = Field(
        default=None, description="Language of the document; by default the agency's."
    )


class IssuedCopyQuery(PdfQuery):
    """Query parameters for the language of a document, and for the document as issued."""

    copy_kind: Literal["issued"] | None = Field(
        default=None,
        alias="copy",
        description="`issued`: as the document was issued, even if it was reversed since.",
    )


class InvoiceCopyQuery(PdfQuery):
    """Query parameters for the language and the kind of copy of an invoice."""

    copy_kind: Literal["issued", "settlement"] | None = Field(
        default=None,
        alias="copy",
        description=(
            "`issued`: as the invoice was issued, even if it is void now. `settlement`: with"
            " payments, credits and the amount due; this is no tax invoice."
        ),
    )


class PriceQuery(Query):
    """Query parameter to leave out prices."""

    prices: bool = Field(default=True, description="False to leave prices out.")


class PricedPdfQuery(PdfQuery, PriceQuery):
    """Query parameters for the language of a document, and to leave out prices."""


def shown(file: File) -> Response:
    """Return a response that opens a file in the browser, with a name for saving it."""
    answer = Response(file.content, mimetype=file.media_type)
    answer.headers["Content-Disposition"] = f'inline; filename="{file.name}"'
    return answer


def downloaded(file: File) -> Response:
    """Return a file that the browser downloads under its name."""
    answer = shown(file)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return answer


def saved(content: bytes | Iterable[str] | Iterable[bytes], name: str, mimetype: str) -> Response:
    """Return a file that the browser downloads under the name `voyagent-<name>`."""
    return Response(
        content,
        mimetype=mimetype,
        headers={"Content-Disposition": f'attachment; filename="voyagent-{name}"'},
    )


def csv_stream(stream: ByteStream, name: str) -> Response:
    """Return a CSV stream that the browser downloads; the stream is closed at the end."""
    answer = Response(
        stream,
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    answer.call_on_close(stream.close)
    return answer


def export_slots() -> Exports:
    """Return the object that limits how many exports run at once."""
    return cast("Exports", current_app.extensions["voyagent.exports"])


def open_snapshot(tenant_id: UUID) -> Snapshot:
    """Open a snapshot for an export to the client of this request.

    The transaction is committed first, so that the request holds no connection while it waits for
    other exports. Raises ExportsBusy.
    """
    finish()
    return export_slots().open(tenant_id, client_network())


def exported(answer: Response) -> Response:
    """Record an export in the audit log and return the response unchanged.

    The caller, the file name and the filters are recorded before the first byte is sent. A HEAD
    request is not recorded.
    """
    if request.method == "HEAD":  # the response has no file
        return answer
    actor = present_actor()
    assert actor is not None
    file = parse_options_header(answer.headers["Content-Disposition"])[1]["filename"]
    filters = {
        name: value for name, value in request.args.items() if value and name not in _NO_FILTERS
    }
    auth_adapter().note_export(
        actor,
        file,
        {
            name[:_FILTERS_MAX]: value[:_FILTERS_MAX]
            for name, value in list(filters.items())[:_FILTERS_MAX]
        },
    )
    return answer


def exported_file(file: File) -> Response:
    """Return a file that opens in the browser, and record the export in the audit log."""
    return exported(shown(file))


def filed(sheet: Sheet, form: Literal["csv", "xlsx"], *, bom: bool = False) -> Response:
    """Return a table as a workbook or CSV file; `bom` marks the CSV as UTF-8.

    Raises LargeFile if a worker must make the workbook. Raises ExportsBusy if too many exports run.
    """
    if form == "csv":
        return saved(sheet.csv(bom=bom).encode(), f"{sheet.name}.csv", MEDIA_TYPES["csv"])
    rows = list(sheet.rows)
    check_rows(len(rows))
    actor = present_actor()
    assert actor is not None
    with export_slots().making_file(actor.tenant_id, rows=len(rows)):
        content = workbook(replace(sheet, rows=rows))
    return saved(content, f"{sheet.name}.xlsx", MEDIA_TYPES["xlsx"])


def streamed(
    stream: Callable[[Snapshot], Stream], tenant_id: UUID, *, bom: bool = False
) -> Response:
    """Return an export of any length as a CSV response, and record the export.

    All rows are read from one snapshot of the database. Raises ExportsBusy.
    """
    snapshot = open_snapshot(tenant_id)
    try:
        export = stream(snapshot)
        answer = exported(saved(export.csv(snapshot, bom=bom), f"{export.name}.csv", "text/csv"))
    except BaseException:
        snapshot.close()
        raise
    when_undone(snapshot.close)  # if the audit event is not committed, no file is sent
    answer.call_on_close(snapshot.close)
    return answer


def list_file(listing: Listing, tenant_id: UUID) -> Response | None:
    """Return a list as a file, if the query parameter `format` asks for one.

    The result is None if `format` is missing or unknown. The export is recorded in the audit log.
    Raises ExportsBusy, TooManyLines, LargeFile.
    """
    wanted = request.args.get("format")
    if wanted in ("csv", "csv-bom"):
        return streamed(listing.stream, tenant_id, bom=wanted == "csv-bom")
    if wanted != "xlsx":
        return None
    snapshot = open_snapshot(tenant_id)
    try:
        sheet = listing.sheet(snapshot)
    finally:
        snapshot.close()
    return exported(filed(sheet, "xlsx"))


def made_later() -> Response:
    """Have a worker make the file of this request.

    A browser is redirected to a page that shows the state of the file. The API responds with status
    202, the id of the file, and the URL of its state in `Location`.
    """
    actor = present_actor()
    assert actor is not None
    if request.method == "HEAD":
        return Response(status=HTTPStatus.ACCEPTED)
    address = request.full_path.rstrip("?")
    file_id = auth_adapter().make_later(actor, address)
    if not (request.endpoint or "").startswith("api_"):
        return cast("Response", see_other(url_for("reports.file", file_id=file_id)))
    status = url_for("api_reports.get_report_file", file_id=file_id)
    answer = jsonify({"id": str(file_id), "status": "waiting", "address": status})
    answer.status_code = HTTPStatus.ACCEPTED
    answer.headers["Location"] = status
    return answer


def right_to(address: str) -> str:
    """Return the permission that the page or API operation at a URL needs."""
    endpoint, _values = current_app.url_map.bind("").match(urlsplit(address).path)
    view: Any = current_app.view_functions[endpoint]
    return cast("str", view.right)


def file_name(kind: str, number: str) -> str:
    """Return a safe file name without extension, such as `invoice-2026-27-000001`."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', number).strip('-')}"
