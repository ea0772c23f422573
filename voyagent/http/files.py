"""Files that a door answers with: what a browser shows or a program keeps, under the name that it has in a folder."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from flask import Response
from pydantic import Field

from voyagent.kernel.fields import Query

PDF: dict[str, Any] = {"type": "string", "format": "binary"}
"""The schema of an answer that is a PDF."""


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
