"""Images for tests of the logo."""

from __future__ import annotations

import io
from base64 import b64encode
from itertools import accumulate
from random import Random
from typing import Any

from PIL import Image


def picture(
    kind: str = "PNG",
    size: tuple[int, int] = (120, 40),
    *,
    mode: str = "RGB",
    colour: Any = "teal",
    **how: Any,
) -> bytes:
    """Return an image of one colour; `how` is passed to the encoder."""
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind, **how)
    return out.getvalue()


def noise(kind: str = "PNG") -> bytes:
    """Return an image of 1,000 by 500 pixels that no encoder makes small."""
    image = Image.new("P", (1000, 500))
    image.putdata([pixel & 3 for pixel in Random(1).randbytes(500_000)])  # noqa: S311 - noise
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])
    out = io.BytesIO()
    image.convert("RGB" if kind == "JPEG" else "P").save(out, kind)
    return out.getvalue()


def slopes() -> bytes:
    """Return a PNG that is small only by its filters, which a PDF does not have."""
    steps = (pixel & 1 for pixel in Random(1).randbytes(800 * 400))  # noqa: S311 - noise
    pixels = bytes(value & 255 for value in accumulate(steps))
    out = io.BytesIO()
    Image.frombytes("L", (800, 400), pixels).convert("RGB").save(out, "PNG")
    return out.getvalue()


def in_base64(raw: bytes) -> str:
    """Return the image in base64, as the JSON API accepts it."""
    return b64encode(raw).decode()


def many_scans(count: int) -> bytes:
    """Return a progressive JPEG whose last scan is repeated; a decoder reads each."""
    whole = picture("JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * count + whole[-2:]
