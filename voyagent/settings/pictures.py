"""A picture that somebody gives, made anew: what is kept has been drawn by our own hand and is
nothing but a picture.
"""

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
KEPT_WIDTH, KEPT_HEIGHT = 800, 400
"""More than paper shows of a picture in its letterhead: 50 by 18 millimetres at 400 dots to the
inch.
"""
_JPEG_QUALITY = 90


class PictureTooLarge(Unprocessable):
    """More bytes or more pixels than a picture may have."""

    code = "picture_too_large"
    message = N_("A picture has at most 500 kB and 2,000 pixels on each side.")


class PictureUnreadable(Unprocessable):
    """Bytes that are no picture of a kind that we take, or a damaged one."""

    code = "picture_unreadable"
    message = N_("That is no picture in PNG or JPEG, or it is damaged.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept; `digest` is the SHA-256 of its bytes."""

    media_type: str
    content: bytes
    digest: str
    width: int
    height: int


def remade(raw: bytes) -> Picture:
    """A PNG or JPEG, told by its bytes whatever its name, drawn anew in its own kind within 800 by
    400 pixels.

    Nothing beside the pixels is taken over: no comment, no place where it was taken, nothing behind
    its end. Of a moving picture the first frame is kept. Equal bytes make an equal picture. Raises
    PictureTooLarge, PictureUnreadable.
    """
    from PIL import (  # noqa: PLC0415
        Image,
        UnidentifiedImageError,
    )

    if len(raw) > BYTES_MAX:
        raise PictureTooLarge
    try:
        opened = Image.open(io.BytesIO(raw), formats=("PNG", "JPEG"))  # reads the head alone
        if max(opened.size) > SIDE_MAX:
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
        )  # sixteen bits of grey as eight
    plain = upright.convert("RGBA" if kind == "PNG" and upright.has_transparency_data else "RGB")
    plain.thumbnail((KEPT_WIDTH, KEPT_HEIGHT))
    plain.info = {}
    out = io.BytesIO()
    plain.save(out, kind, optimize=True, **({"quality": _JPEG_QUALITY} if kind == "JPEG" else {}))
    content = out.getvalue()
    return Picture(
        f"image/{kind.lower()}",
        content,
        hashlib.sha256(content).hexdigest(),
        plain.width,
        plain.height,
    )
