"""Mask PANs, tax numbers and bank accounts in free text.

A PAN, a GSTIN and a TRN of the United Arab Emirates are masked anywhere if they are written in one
piece. With spaces or hyphens between the characters these numbers are masked only after their name,
such as `GSTIN`. An IBAN is masked if its check digits are right. The number of a bank account is
masked after a word such as `account` or `a/c`, in English and Hindi spellings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stdnum import iban

from voyagent.kernel.masking import Mask, mask_of, replaced

_GAP = "[ -]?"
# The fourth letter of a PAN is the kind of its holder.
_PAN = "[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]"
_PAN_IN_GROUPS = f"[A-Z]{{3}}[ABCFGHJLPT][A-Z]{_GAP}[0-9]{{4}}{_GAP}[A-Z]"
# The GSTIN is a state, a PAN, and three more characters.
_WHOLE = re.compile(
    rf"(?<!\w)(?:{_PAN}|[0-9]{{2}}{_PAN}[A-Z0-9]{{3}}|100[0-9]{{12}})(?!\w)",
    re.IGNORECASE | re.ASCII,
)
_NAMED = re.compile(
    r"(?:\b(?:PAN|GST(?:IN)?|TRN)\b|पैन|जीएसटी)[^\w\n]{0,3}(?:(?:no|num|number)\b|नंबर|नं)?"
    r"[^\w\n]{0,3}(?:is )?"
    rf"([0-9]{{2}}{_GAP}{_PAN_IN_GROUPS}{_GAP}[A-Z0-9]{_GAP}[A-Z0-9]{_GAP}[A-Z0-9]"
    rf"|{_PAN_IN_GROUPS}|100(?:{_GAP}[0-9]){{12}})(?!\w)",
    re.IGNORECASE,
)
_IBAN = re.compile(
    r"(?<!\w)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)",
    re.IGNORECASE | re.ASCII,
)
# Nine to eighteen digits, in one piece or in at least three groups of three or more digits. The
# code of a ledger account, an amount and a day in a row have shorter groups: they are not masked.
_ACCOUNT = re.compile(
    r"(?:(?<!\w)(?:a/?c|acct|account|khaa?ta)\b|खाता|खाते)[^\w\n]{0,3}"
    r"(?:(?:no|nr|num|number|sankhya)\b|संख्या|नंबर|नं)?[^\w\n]{0,3}(?:is )?"
    r"(\d{9,18}|\d{3,6}(?:[ -]\d{3,6}){2,5})(?![\w/])",
    re.IGNORECASE,
)
_ACCOUNT_DIGITS = range(9, 19)
_DIGITS = re.compile(r"[0-9]")


def hidden_in(text: str) -> str:
    """Mask PANs, tax numbers and bank accounts in a text.

    The last four characters of each number stay.
    """
    return replaced(text, _masks) if _DIGITS.search(text) or not text.isascii() else text


def hidden_everywhere(value: Any) -> Any:
    """Return a JSON value with `hidden_in` applied to each text, but not to keys."""
    if isinstance(value, str):
        return hidden_in(value)
    if isinstance(value, Mapping):
        return {name: hidden_everywhere(one) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [hidden_everywhere(one) for one in value]
    return value


def _masks(text: str) -> Iterator[Mask]:
    for match in _WHOLE.finditer(text):
        yield (*match.span(), mask_of(match.group()))
    for match in _NAMED.finditer(text):
        yield (*match.span(1), mask_of(match[1]))
    for match in _IBAN.finditer(text):
        if iban.is_valid(match.group()):
            yield (*match.span(), mask_of(match.group()))
    for match in _ACCOUNT.finditer(text):
        if sum(map(str.isdigit, match[1])) in _ACCOUNT_DIGITS:
            yield (*match.span(1), mask_of(match[1]))
