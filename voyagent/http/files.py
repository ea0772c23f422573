"""File responses: shown in the browser or downloaded under a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, Protocol, cast
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
"""Schema of a PDF response."""
Format = Literal["pdf", "csv", "xlsx"]
"""Formats of a document or report besides its page."""
MEDIA_TYPES: dict[Format, str] = {"pdf": "application/pdf", "csv": "text/csv", "xlsx": MIMETYPE}
SCHEMAS: dict[Format, dict[str, Any]] = {"pdf": PDF, "csv": {"type": "string"}, "xlsx": PDF}
"""Schema of a response in each format."""
DOCUMENTED: dict[Format, str] = MEDIA_TYPES | {"csv": "text/csv; charset=utf-8"}
"""Documented media type of each format."""
_NO_FILTERS = frozenset(("format", "after", "cursor"))
_TOLD_MAX = 100


class File(Protocol):
    """Protocol: bytes with media type and name."""

    @property
    def name(self) -> str:
        """The file's name with its extension."""

    @property
    def media_type(self) -> str:
        """The media type, such as `application/pdf`."""

    @property
    def content(self) -> bytes:
        """The file's bytes."""


class ByteStream(Protocol):
    """Protocol: pieces of a file, and the release of their source."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces."""

    def close(self) -> None:
        """Release the source."""


class PaperQuery(Query):
    """Layout options of a document."""

    locale: Literal["en", "hi"] | None = Field(
        default=None, description="The language of the paper; the agency's where it is not given."
    )


class PriceQuery(Query):
    """The option to leave out prices."""

    prices: bool = Field(default=True, description="Whether it says what is to be paid.")


class PricedPaperQuery(PaperQuery, PriceQuery):
    """Layout options, and the option to leave out prices."""


def shown(file: File) -> Response:
    """Return a file that opens in the browser; it has a name for saving."""
    answer = Response(file.content, mimetype=file.media_type)
    answer.headers["Content-Disposition"] = f'inline; filename="{file.name}"'
    return answer


def saved(content: bytes | Iterable[str] | Iterable[bytes], name: str, mimetype: str) -> Response:
    """Return a file that the browser downloads."""
    return Response(
        content,
        mimetype=mimetype,
        headers={"Content-Disposition": f'attachment; filename="voyagent-{name}"'},
    )


def csv_stream(stream: ByteStream, name: str) -> Response:
    """Return a CSV that the browser downloads; its source is closed at the end."""
    answer = Response(
        stream,
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    answer.call_on_close(stream.close)
    return answer


def export_slots() -> Exports:
    """Return the slots in which exports run."""
    return cast("Exports", current_app.extensions["voyagent.exports"])


def exported(answer: Response) -> Response:
    """Return an exported file and record the export.

    Caller and filters are in the audit before the first byte is sent.
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


def exported_file(file: File) -> Response:
    """Return a file that opens in the browser, and record the export."""
    return exported(shown(file))


def filed(sheet: Sheet, form: Literal["csv", "xlsx"], *, bom: bool = False) -> Response:
    """Return a table as a workbook or CSV; `bom` marks the CSV as UTF-8 for spreadsheets."""
    content = workbook(sheet) if form == "xlsx" else sheet.csv(bom=bom).encode()
    return saved(content, f"{sheet.name}.{form}", MEDIA_TYPES[form])


def streamed(
    stream: Callable[[Snapshot], Stream], tenant_id: UUID, *, bom: bool = False
) -> Response:
    """Return an export of any length as CSV from one snapshot. Raises ExportsBusy."""
    snapshot = export_slots().open(tenant_id)
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
    """Return a list in the requested `format`, or None without one.

    CSV has any length, a workbook at most LINES_MAX rows. Raises ExportsBusy, TooManyLines.
    """
    wanted = request.args.get("format")
    if wanted in ("csv", "csv-bom"):
        return streamed(listing.stream, tenant_id, bom=wanted == "csv-bom")
    if wanted != "xlsx":
        return None
    snapshot = export_slots().open(tenant_id)
    try:
        sheet = listing.sheet(snapshot)
    finally:
        snapshot.close()
    return exported(filed(sheet, "xlsx"))


def file_name(kind: str, number: str) -> str:
    """Return a safe file name without extension, such as `invoice-2026-27-000001`."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', number).strip('-')}"
