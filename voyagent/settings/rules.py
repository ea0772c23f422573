"""Redraw uploaded images, so that nothing but their pixels is stored."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voyagent.kernel.errors import N_, Unprocessable

if TYPE_CHECKING:
    from PIL.Image import Image

BYTES_MAX, SIDE_MAX = 500_000, 2_000
STORED_WIDTH_MAX, STORED_HEIGHT_MAX = 800, 400
"""Largest size of a stored image in pixels: documents print 50 by 18 mm at 400 dpi."""
PRINTED_BYTES_MAX = 100_000
"""Most bytes that a stored image adds to a PDF. Each PDF that is kept has the logo in it."""
_JPEG_QUALITY = 90
_SCANS_MAX = 64
_SCAN = b"\xff\xda"
"""The marker before each scan of a JPEG image. Each scan is decoded over the whole image."""


class PictureTooLarge(Unprocessable):
    """The image has too many bytes or pixels."""

    code = "picture_too_large"
    message = N_("The image is larger than 500 kB or 2,000 pixels on a side. Use a smaller one.")


class PictureUnreadable(Unprocessable):
    """The file is not a PNG or JPEG image, or it is damaged."""

    code = "picture_unreadable"
    message = N_("This is not a valid PNG or JPEG image.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A redrawn image; `digest` is the SHA-256 of its bytes."""

    media_type: str
    content: bytes
    digest: str
    width: int
    height: int


def remade(raw: bytes) -> Picture:
    """Redraw a PNG or JPEG image within 800 by 400 pixels.

    An image that would add more than 100 kB to a PDF becomes smaller, by a quarter of its sides at
    a time. Metadata and trailing bytes are dropped, and an animation is reduced to its first frame.
    Equal bytes give an equal image.

    Raises PictureTooLarge, PictureUnreadable.
    """
    from PIL import (  # noqa: PLC0415
        Image,
        UnidentifiedImageError,
    )

    if len(raw) > BYTES_MAX:
        raise PictureTooLarge
    try:
        opened = Image.open(io.BytesIO(raw), formats=("PNG", "JPEG"))  # reads only the header
        if max(opened.size) > SIDE_MAX:
            raise PictureTooLarge
        if opened.format == "JPEG" and raw.count(_SCAN) > _SCANS_MAX:
            raise PictureTooLarge
        return _drawn(opened, "PNG" if opened.format == "PNG" else "JPEG")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureTooLarge from None
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        IndexError,
        KeyError,
        TypeError,
        struct.error,
        zlib.error,
    ):
        raise PictureUnreadable from None


def _drawn(opened: Image, kind: str) -> Picture:
    from PIL import ImageOps  # noqa: PLC0415

    opened.load()
    upright = ImageOps.exif_transpose(opened)
    if upright.mode.startswith("I"):
        upright = upright.point(
            lambda value: value * (1 / 256), "L"
        )  # converts 16-bit grey to 8 bits
    plain = upright.convert("RGBA" if kind == "PNG" and upright.has_transparency_data else "RGB")
    plain.thumbnail((STORED_WIDTH_MAX, STORED_HEIGHT_MAX))
    plain.info = {}
    while _printed_bytes(plain, kind) > PRINTED_BYTES_MAX:
        plain.thumbnail((plain.width * 3 // 4, plain.height * 3 // 4))
    content = _encoded(plain, kind)
    return Picture(
        f"image/{kind.lower()}",
        content,
        hashlib.sha256(content).hexdigest(),
        plain.width,
        plain.height,
    )


def _printed_bytes(plain: Image, kind: str) -> int:
    """Return the number of bytes that an image takes in a PDF.

    A PDF has no filters of PNG, so the pixels of a PNG are counted as compressed without them.
    """
    return len(_encoded(plain, kind) if kind == "JPEG" else zlib.compress(plain.tobytes()))


def _encoded(plain: Image, kind: str) -> bytes:
    out = io.BytesIO()
    plain.save(out, kind, optimize=True, **({"quality": _JPEG_QUALITY} if kind == "JPEG" else {}))
    return out.getvalue()
