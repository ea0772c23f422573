"""Text of a PDF by Typst, decoded by each font's ToUnicode table."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

_STREAM = re.compile(
    rb"(\d+) 0 obj\s*<<(?P<about>[^\n]*?)/Length (?P<length>\d+)[^\n]*\n?stream\r?\n"
)
_OBJECT = re.compile(r"(\d+) 0 obj\s*(<<.*?>>)\s*(?=endobj|stream)", re.DOTALL)
_TOKEN = re.compile(
    r"\(|/(?P<name>\w+)|(?P<operator>[A-Za-z]\w*\*?)|<(?P<hex>[0-9A-Fa-f]*)>|[^(/<A-Za-z]+|<",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\n": ""}


def text_of(pdf: bytes) -> str:
    """Return the text of all pages, one run of letters per line."""
    streams, objects = _streams(pdf), dict(_OBJECT.findall(pdf.decode("latin-1")))
    lines: list[str] = []
    for page in (about for about in objects.values() if "/Type/Page/" in about):
        resources = objects[_named(page, "Resources")]
        fonts = {
            name: _letters(streams[_named(objects[number], "ToUnicode")])
            for name, number in re.findall(r"/(f\d+) (\d+) 0 R", resources)
        }
        for font, codes in _shown(streams[_named(page, "Contents")]):
            lines.append(
                "".join(
                    fonts[font].get(ord(high) << 8 | ord(low), "")
                    for high, low in zip(codes[::2], codes[1::2], strict=True)
                )
            )
    return "\n".join(lines)


def _shown(content: str) -> Iterator[tuple[str, str]]:
    """Yield the font and the codes of each run of letters."""
    place, name, font, codes = 0, "", "", ""
    while token := _TOKEN.match(content, place):
        place = token.end()
        if token.group() == "(":
            end = _end_of_string(content, place)
            codes += _ESCAPED.sub(
                lambda found: (
                    chr(int(found[1], 8)) if found[1].isdigit() else _SIGNS.get(found[1], found[1])
                ),
                content[place : end - 1],
            )
            place = end
        elif token["hex"] is not None:
            codes += bytes.fromhex(token["hex"]).decode("latin-1")
        elif token["name"]:
            name = token["name"]
        elif token["operator"] == "Tf":
            font = name
        elif token["operator"]:
            if token["operator"] in {"TJ", "Tj"}:
                yield font, codes
            codes = ""


def _end_of_string(content: str, place: int) -> int:
    """Return the position after the bracket that closes a string with nested brackets."""
    depth = 1
    while depth:
        if content[place] == "\\":
            place += 1
        else:
            depth += {"(": 1, ")": -1}.get(content[place], 0)
        place += 1
    return place


def _streams(pdf: bytes) -> dict[str, str]:
    found = {}
    for match in _STREAM.finditer(pdf):
        raw = pdf[match.end() : match.end() + int(match["length"])]
        found[match[1].decode()] = (
            zlib.decompress(raw) if b"FlateDecode" in match.group() else raw
        ).decode("latin-1")
    return found


def _named(about: str, key: str) -> str:
    found = re.search(rf"/{key} (\d+) 0 R", about)
    assert found, f"{key} in {about[:200]}"
    return found[1]


def _letters(table: str) -> dict[int, str]:
    """Return code to letters of a font's ToUnicode table."""
    pairs = re.findall(
        r"<([0-9A-Fa-f]{4})>\s*<((?:[0-9A-Fa-f]{4})+)>", table.partition("endcodespacerange")[2]
    )
    return {int(code, 16): bytes.fromhex(letters).decode("utf-16-be") for code, letters in pairs}
