"""Find out from a Hindi sentence whether the agency received or paid money.

The sentence may be in Devanagari or in Latin letters.

“X ne 5000 diye” and “X 5000 diye” mean that X paid; “X ko 5000 diye” means that X was paid.
"""

from __future__ import annotations

import re
from typing import Literal

from voyagent.kernel.text.amounts import find_figures

Direction = Literal["received", "given"]
_GIVEN = re.compile(
    r"\b(?:diy[ae]|diye|de\s+(?:di\w+|ga\w+|chuk\w+|rakh\w+)|bhej(?:[ae]|i|\s+di\w+)"
    r"|chuka(?:y[ae]|\s+di\w+))(?!\w)"
    r"|दिए|दिये|दिया|दे\s+(?:दि|ग|चु)|भेजे|भेजा|भेज\s+दि|चुकाए|चुका\s+दि",
    re.IGNORECASE,
)
_GIVEN_BY_US = re.compile(
    r"(?<!\w)(?:h[au]m\s*(?:logo?n?\s+)?ne|mai?n\s*e|mai?n\s+ne|हम\s*ने|मैंने|मैं\s+ने)(?!\w)",
    re.IGNORECASE,
)
_GIVEN_TO_US = re.compile(
    r"(?<!\w)(?:h[au]m\s*ko|h[au]m(?:e|ein|en)|mujh(?:e|\s*ko)|हम\s*को|हमें|मुझे|मुझ\s*को)(?!\w)"
    r"|\boffice\s+(?:mein|me)\b",
    re.IGNORECASE,
)
_GIVER = re.compile(r"\S\s+(?:ne|ने)(?!\w)", re.IGNORECASE)
_TAKER = re.compile(r"\S\s+(?:ko|को)(?!\w)", re.IGNORECASE)
_DAY_TAKER = re.compile(
    r"(?:\d|\b(?:kal|parso|\w+day|somwar|tarikh))\s*(?:ko|को)(?!\w)", re.IGNORECASE
)


def money_direction(text: str) -> Direction | None:
    """Return whether the agency has `received` or `given` money in a Hindi sentence.

    The result is None if the text has no Hindi verb of giving, or no amount.
    """
    given = _GIVEN.search(text)
    if given is None or not find_figures(text):
        return None
    if _GIVEN_BY_US.search(text):
        return "given"
    if _GIVEN_TO_US.search(text) or _GIVER.search(text):
        return "received"
    taken = _DAY_TAKER.sub(" ", text)
    return "given" if _TAKER.search(taken) else "received"
