"""Files that a door answers with: what a browser shows or a program keeps, under the name that it
has in a folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol
from uuid import UUID

from flask import Response, current_app, request
from pydantic import Field
from werkzeug.http import parse_options_header

from voyagent.http.guards import auth_adapter, present_actor
from voyagent.kernel.database.copy_export import Exports, Snapshot
from voyagent.kernel.db import when_undone
from voyagent.kernel.fields import Query
from voyagent.kernel.listings import Listing, Stream
from voyagent.kernel.sheets import Sheet
from voyagent.kernel.workbooks import MIMETYPE, workbook

PDF: dict[str, Any] = {"type": "string", "format": "binary"}
"""The schema of an answer that is a PDF."""
Format = Literal["pdf", "csv", "xlsx"]
"""What a document or a report comes as beside its page."""
MEDIA_TYPES: dict[Format, str] = {"pdf": "application/pdf", "csv": "text/csv", "xlsx": MIMETYPE}
SCHEMAS: dict[Format, dict[str, Any]] = {"pdf": PDF, "csv": {"type": "string"}, "xlsx": PDF}
"""The schema of an answer of each kind."""
DOCUMENTED: dict[Format, str] = MEDIA_TYPES | {"csv": "text/csv; charset=utf-8"}
"""The media type of each as the API documents it."""
_NO_FILTERS = frozenset(("format", "after", "cursor"))
_TOLD_MAX = 100


class File(Protocol):
    """Bytes with their kind and their name."""

    @property
    def name(self) -> str:
        """Its name with the ending."""

    @property
    def media_type(self) -> str:
        """What it is, such as `application/pdf`."""

    @property
    def content(self) -> bytes:
        """Its bytes."""


class PaperQuery(Query):
    """How a document is set."""

    locale: Literal["en", "hi"] | None = Field(
        default=None, description="The language of the paper; the agency's where it is not given."
    )


class PriceQuery(Query):
    """What a document says that may leave its price out."""

    prices: bool = Field(default=True, description="Whether it says what is to be paid.")


class PricedPaperQuery(PaperQuery, PriceQuery):
    """How it is set, and what it says."""


def shown(file: File) -> Response:
    """A file to be looked at where it is opened; saved, it has its name."""
    answer = Response(file.content, mimetype=file.media_type)
    answer.headers["Content-Disposition"] = f'inline; filename="{file.name}"'
    return answer


def saved(content: bytes | Iterable[str] | Iterable[bytes], name: str, mimetype: str) -> Response:
    """A file that the browser keeps under a name."""
    return Response(
        content,
        mimetype=mimetype,
        headers={"Content-Disposition": f'attachment; filename="voyagent-{name}"'},
    )


def exported(answer: Response) -> Response:
    """A file of a report or a list as it goes out of the house.

    Who took it and what the address asked for are in the audit before the first byte is out.
    """
    if request.method == "HEAD":  # which asks for no file
        return answer
    actor = present_actor()
    assert actor is not None
    file = parse_options_header(answer.headers["Content-Disposition"])[1]["filename"]
    asked = {
        name: value for name, value in request.args.items() if value and name not in _NO_FILTERS
    }
    auth_adapter().note_export(
        actor,
        file,
        {name[:_TOLD_MAX]: value[:_TOLD_MAX] for name, value in list(asked.items())[:_TOLD_MAX]},
    )
    return answer


def filed(sheet: Sheet, form: Literal["csv", "xlsx"], *, bom: bool = False) -> Response:
    """A table as a workbook, or as CSV; `bom` puts the mark in front of that by which spreadsheets
    know UTF-8.
    """
    content = workbook(sheet) if form == "xlsx" else sheet.csv(bom=bom).encode()
    return saved(content, f"{sheet.name}.{form}", MEDIA_TYPES[form])


def streamed(
    stream: Callable[[Snapshot], Stream], tenant_id: UUID, *, bom: bool = False
) -> Response:
    """An export of any length as CSV, from one moment. Raises ExportsBusy."""
    exports: Exports = current_app.extensions["voyagent.exports"]
    snapshot = exports.open(tenant_id)
    try:
        told = stream(snapshot)
        answer = exported(saved(told.csv(snapshot, bom=bom), f"{told.name}.csv", "text/csv"))
    except BaseException:
        snapshot.close()
        raise
    when_undone(snapshot.close)  # no event, no file
    answer.call_on_close(snapshot.close)
    return answer


def list_file(listing: Listing, tenant_id: UUID) -> Response | None:
    """A list as the export that `format` of the address asks for: CSV of any length, a workbook of
    at most LINES_MAX rows. None where it asks for none.

    Raises ExportsBusy, TooManyLines.
    """
    wanted = request.args.get("format")
    if wanted in ("csv", "csv-bom"):
        return streamed(listing.stream, tenant_id, bom=wanted == "csv-bom")
    if wanted != "xlsx":
        return None
    exports: Exports = current_app.extensions["voyagent.exports"]
    snapshot = exports.open(tenant_id)
    try:
        sheet = listing.sheet(snapshot)
    finally:
        snapshot.close()
    return exported(filed(sheet, "xlsx"))


def file_name(kind: str, number: str) -> str:
    """`invoice-2026-27-000001`, to which an ending is put: letters, figures and hyphens, as every
    system takes them.
    """
    return f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', number).strip('-')}"
