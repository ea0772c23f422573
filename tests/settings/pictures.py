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
    """A picture of one colour; `how` is what the file carries beside it."""
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind, **how)
    return out.getvalue()


def in_base64(raw: bytes) -> str:
    """As the JSON API takes it."""
    return b64encode(raw).decode()
