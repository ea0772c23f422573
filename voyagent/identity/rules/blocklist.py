"""Passwords that attackers guess first: common ones, names, sequences of keys.

The 5,000 most common passwords are from the package `zxcvbn`. `common_passwords.txt` adds first
names, dictionary words and terms of the travel trade.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

PRODUCT = "voyagent"
COMMONEST = 5000
FREE_CHARACTERS = 3
_ROWS = ("1234567890" * 13, "abcdefghijklmnopqrstuvwxyz" * 5, "qwertyuiopasdfghjklzxcvbnm")
_RUNS = (*_ROWS, *(row[::-1] for row in _ROWS))


def is_common(password: str, *, agency_name: str = "", email: str = "") -> bool:
    """Return True if the password is easy to guess, even with added digits or symbols.

    The name of the product, the name of the agency and the parts of the e-mail address count as
    easy to guess.
    """
    whole = password.strip().lower()
    core = _core(whole)
    if whole in _listed() or core in _listed():
        return True
    names = _names(agency_name, email)
    return _squeezed(whole) in names or _squeezed(core) in names or _is_run(whole)


def _names(agency_name: str, email: str) -> set[str]:
    local, _, domain = email.partition("@")
    names = (PRODUCT, agency_name, email, local, domain, domain.partition(".")[0])
    return {_squeezed(part) for name in names for part in (name, _core(name))} - {""}


def _core(text: str) -> str:
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)


def _squeezed(text: str) -> str:
    """Return the letters and digits, so that `Malabar Gulf` equals `malabar-gulf`."""
    return re.sub(r"[\W_]+", "", text.lower())


def _is_run(whole: str) -> bool:
    """Return True if all but at most three characters are a sequence such as `qwerty`.

    The characters of a sequence are neighbours on the keyboard, in the alphabet or among the
    digits. The order may be reversed.
    """
    length = len(whole) - FREE_CHARACTERS
    return length <= 0 or any(
        whole[start : start + length] in run
        for start in range(FREE_CHARACTERS + 1)
        for run in _RUNS
    )


@cache
def _listed() -> frozenset[str]:
    # Imported only when a password is set, because the package reads 30,000 words.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    own_words = (Path(__file__).parent / "common_passwords.txt").read_text().split()
    return frozenset((*FREQUENCY_LISTS["passwords"][:COMMONEST], *own_words))
