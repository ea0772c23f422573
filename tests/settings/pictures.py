"""Images for tests of the logo."""

from __future__ import annotations

import io
from base64 import b64encode
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


def in_base64(raw: bytes) -> str:
    """Return the image in base64, as the JSON API accepts it."""
    return b64encode(raw).decode()


def many_scans(count: int) -> bytes:
    """Return a progressive JPEG whose last scan is repeated; a decoder reads each."""
    whole = picture("JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * count + whole[-2:]
