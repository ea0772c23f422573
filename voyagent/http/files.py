"""Files that a door answers with: what a browser shows or a program keeps, under the name that it has in a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal, Protocol

from flask import Response
from pydantic import Field

from voyagent.kernel.fields import Query
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

    locale: Literal["en", "hi"] | None = Field(default=None, description="The language of the paper; the agency's where it is not given.")


def shown(file: File) -> Response:
    """A file to be looked at where it is opened; saved, it has its name."""
    answer = Response(file.content, mimetype=file.media_type)
    answer.headers["Content-Disposition"] = f'inline; filename="{file.name}"'
    return answer


def saved(content: bytes | Iterable[str] | Iterable[bytes], name: str, mimetype: str) -> Response:
    """A file that the browser keeps under a name."""
    return Response(content, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="voyagent-{name}"'})


def filed(sheet: Sheet, form: Literal["csv", "xlsx"], *, bom: bool = False) -> Response:
    """A table as a workbook, or as CSV; `bom` puts the mark in front of that by which spreadsheets know UTF-8."""
    content = workbook(sheet) if form == "xlsx" else sheet.csv(bom=bom).encode()
    return saved(content, f"{sheet.name}.{form}", MEDIA_TYPES[form])


def file_name(kind: str, number: str) -> str:
    """`invoice-2026-27-000001`, to which an ending is put: letters, figures and hyphens, as every system takes them."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', number).strip('-')}"
