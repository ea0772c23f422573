"""Replace numbers in free text by masks.

Full-width letters and digits count as the usual ones, and characters without width count as absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

MASK = "••••"
Mask = tuple[int, int, str]
"""Start and end of a number in the plain text, and the text in its place."""
_WIDTHLESS = "\u00ad\u034f\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff"
_HIDING = re.compile(f"[{_WIDTHLESS}\uff01-\uff5e]")
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SEPARATORS = re.compile(r"[ .–-]")


def replaced(text: str, find: Callable[[str], Iterable[Mask]]) -> str:
    """Return a text with the masks that `find` returns for its plain form.

    The masks may be in any order. Of two that overlap the first counts.
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
    """Return the mask of a number with its last four characters.

    It is not longer than the number without separators.
    """
    digits = _SEPARATORS.sub("", number)
    return MASK[: len(digits) - 4] + digits[-4:]


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """Return a text with usual letters and digits and without characters of no width.

    Also return the place of each of its characters in the given text.
    """
    if _HIDING.search(text) is None:
        return text, range(len(text))
    places = [at for at, letter in enumerate(text) if letter not in _WIDTHLESS]
    return "".join(text[at] for at in places).translate(_PLAIN), places
