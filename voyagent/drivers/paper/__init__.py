"""Paper: a document as PDF, set by Typst from a file of ours and data, with a font of ours; the same on every machine.

What people have typed reaches Typst as data and never as source, so nothing of it is markup, and a document reads no file beside the folder of documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

FONT = "Mukta"
"""Latin, Devanagari and the sign of the rupee in one family."""


def picture(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A picture as data of a document: its kind, its bytes as numbers, its size in pixels; None stays None."""
    if found is None:
        return None
    kind = found["media_type"].removeprefix("image/")
    return {"format": {"jpeg": "jpg"}.get(kind, kind), "content": list(found["content"]), "width": found["width"], "height": found["height"]}


@dataclass(frozen=True)
class Paper:
    """The documents of a folder."""

    folder: Path

    def pdf(self, name: str, data: dict[str, Any]) -> bytes:
        """The document of a file such as `itinerary.typ`; `data` is JSON: texts in the reader's language, lists, objects.

        It is tagged (PDF/UA-1), so that it can be read aloud.
        """
        made: bytes = self._set(name, data, "pdf", pdf_standards=["ua-1"])
        return made

    def png(self, name: str, data: dict[str, Any], *, dots_per_inch: int = 96) -> list[bytes]:
        """The same as pictures, one for each page, for looking at it."""
        pages = self._set(name, data, "png", ppi=float(dots_per_inch))
        return pages if isinstance(pages, list) else [pages]

    def _set(self, name: str, data: dict[str, Any], kind: Literal["pdf", "png"], **more: Any) -> Any:
        import typst  # noqa: PLC0415 - 80 MB of program, wanted by few processes

        source = self.folder / name
        values = {"data": json.dumps(data, ensure_ascii=False), "font": FONT}
        return typst.compile(
            str(source), root=str(self.folder), font_paths=self._fonts, sys_inputs=values, format=kind, timestamp=int(_today().timestamp()), **more
        )

    @cached_property
    def _fonts(self) -> Any:
        import fontpkg_mukta  # type: ignore[import-untyped]  # noqa: PLC0415 - only where paper is made
        import typst  # noqa: PLC0415

        files = Path(fontpkg_mukta.__file__).parent / "files"
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(files)])


def _today() -> datetime:
    """The day on which it is set, without its hour, so that two of one day are the same bytes."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
