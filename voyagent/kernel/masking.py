"""Replace numbers in free text by masks.

Full-width letters and digits are read as ordinary ones. Characters without width are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

MASK = "••••"
Mask = tuple[int, int, str]
"""Start and end of a number in the plain form of a text, and the mask that replaces it."""
_WIDTHLESS = "\u00ad\u034f\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff"
_HIDING = re.compile(f"[{_WIDTHLESS}\uff01-\uff5e]")
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SEPARATORS = re.compile(r"[ .–-]")


def replaced(text: str, find: Callable[[str], Iterable[Mask]]) -> str:
    """Replace numbers in a text by the masks that `find` returns.

    `find` receives the text in plain form (`_plain`) and returns masks in any order, each with its
    start and end. If two masks overlap, only the mask that begins first is used.
    """
    plain, places = _plain(text)
    parts: list[str] = []
    end_of_part = end_of_mask = 0
    for start, end, mask in sorted(find(plain)):
        if start < end_of_mask:
            continue
        parts += [text[end_of_part : places[start]], mask]
        end_of_part, end_of_mask = places[end - 1] + 1, end
    return "".join((*parts, text[end_of_part:])) if parts else text


def mask_of(number: str) -> str:
    """Return the mask of a number: dots and the last four characters."""
    digits = _SEPARATORS.sub("", number)
    return MASK[: len(digits) - 4] + digits[-4:]


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """Return a text in plain form, and each character's position in the given text.

    The plain form has ordinary letters and digits in place of full-width ones, and no characters
    without width.
    """
    if _HIDING.search(text) is None:
        return text, range(len(text))
    places = [at for at, letter in enumerate(text) if letter not in _WIDTHLESS]
    return "".join(text[at] for at in places).translate(_PLAIN), places
