"""Documents as PDF, typeset by Typst from templates and fonts of the program.

Data is passed to Typst as JSON and never as source text. A template can read only files in its own
folder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import structlog

from voyagent.drivers.paper.glyphs import legible
from voyagent.drivers.paper.processes import Typesetters, shared
from voyagent.drivers.paper.typesetter import Order, typeset
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.json_values import JsonMapping, JsonObject
from voyagent.kernel.sheets import is_in_worker

FONTS = (
    "Mukta",
    "Noto Sans",
    *(
        f"Noto Sans {script}"
        for script in (
            "Tamil",
            "Malayalam",
            "Bengali",
            "Telugu",
            "Kannada",
            "Gujarati",
            "Gurmukhi",
            "Oriya",
            "Sinhala",
        )
    ),
    *(
        f"Noto Sans {script}"
        for script in (
            "Arabic",
            "Hebrew",
            "Thai",
            "Lao",
            "Khmer",
            "Myanmar",
            "Georgian",
            "Armenian",
            "Ethiopic",
            "Devanagari",
        )
    ),
    "Noto Sans Symbols",
    "Noto Sans CJK SC",
    "Noto Emoji",
)
"""Font families in order of preference.

The first family has Latin, Devanagari and the rupee sign, which is enough for almost all texts.
"""
log = structlog.get_logger(__name__)


def picture(found: Row | None) -> JsonObject | None:
    """Return an image as JSON data for a template; None if there is no image.

    `found` is a row with `media_type`, `content`, `width` and `height`. The result has the format,
    such as `png`, the bytes as a list of numbers, and width and height in pixels.
    """
    if found is None:
        return None
    kind = found["media_type"].removeprefix("image/")
    return {
        "format": {"jpeg": "jpg"}.get(kind, kind),
        "content": list(found["content"]),
        "width": found["width"],
        "height": found["height"],
    }


class TextNotPrintable(Unprocessable):
    """The typesetter cannot lay out a text of the document."""

    code = "text_not_printable"
    message = N_(
        "A text of this document cannot be printed. Shorten long words in notes and descriptions."
    )


class TemplateError(RuntimeError):
    """Typst found an error in a template."""


@dataclass(frozen=True)
class Paper:
    """The typesetter for the templates in one folder.

    `typesetters` are the child processes that typeset the documents. They are not used in a process
    that a worker starts for one large file, because that process has its own limits of memory and
    time.
    """

    folder: Path
    typesetters: Typesetters = shared

    def pdf(self, name: str, data: JsonMapping) -> bytes:
        """Return the PDF of a template, such as `itinerary.typ`, filled with JSON `data`.

        The PDF is tagged for screen readers (PDF/UA-1), if its characters allow this standard.
        Raises TextNotPrintable if the text cannot be laid out, DocumentTooLarge if this needs too
        much time or memory, and ExportsBusy if too many documents are being made.
        """
        data_json = legible(data, self._files)
        try:
            (made,) = self._set(name, data_json, "pdf", pdf_standards=["ua-1"])
        except TemplateError:
            (made,) = self._set(name, data_json, "pdf")
            log.warning("paper.not_by_standard", document=name)
        return made

    def png(self, name: str, data: JsonMapping, *, dots_per_inch: int = 96) -> list[bytes]:
        """Return the pages of a template as PNG images, one for each page.

        Raises the errors of `pdf`.
        """
        return self._set(name, legible(data, self._files), "png", ppi=float(dots_per_inch))

    def _set(
        self, name: str, data_json: str, kind: Literal["pdf", "png"], **options: Any
    ) -> list[bytes]:
        order: Order = {
            "source": str(self.folder / name),
            "root": str(self.folder),
            "fonts": sorted({str(file.parent) for file in self._files}),
            "inputs": {"data": data_json, "fonts": json.dumps(FONTS)},
            "format": kind,
            "timestamp": int(_today().timestamp()),
            "options": options,
        }
        by = typeset if is_in_worker() else self.typesetters.typeset
        outcome, reason, files = by(order)
        if outcome == "refused":
            raise TemplateError(reason)
        if outcome == "panicked":
            log.warning("paper.not_set", document=name, reason=reason)
            raise TextNotPrintable
        return files

    @cached_property
    def _files(self) -> list[Path]:
        """Return one font file of each family: first Mukta, then the others by size."""
        import fontpkg_mukta  # type: ignore[import-untyped]  # noqa: PLC0415 - only for documents
        import manimgx_fonts  # type: ignore[import-untyped]  # noqa: PLC0415
        import manimgx_fonts_cjk  # type: ignore[import-untyped]  # noqa: PLC0415

        others = [
            file
            for package in (manimgx_fonts, manimgx_fonts_cjk)
            for file in Path(package.__file__).parent.glob("*.tt[cf]")
        ]
        return [
            Path(fontpkg_mukta.__file__).parent / "files" / "Mukta-Regular.ttf",
            *sorted(others, key=lambda file: file.stat().st_size),
        ]


def _today() -> datetime:
    """Return midnight of the current day, so that documents made on one day are equal."""
    return clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
