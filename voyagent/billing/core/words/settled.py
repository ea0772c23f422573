"""Texts that say how a document was settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from voyagent.billing.core.rules import SettledAs, way_settled

_IN_FULL = {
    "paid": _l("Paid in full"),
    "credited": _l("Credited in full"),
    "settled": _l("Settled"),
    "paid_part_credited": _l("Paid, part credited"),
}

_IN_A_LIST = {
    "paid": _l("paid"),
    "credited": _l("credited"),
    "settled": _l("settled"),
    "paid_part_credited": _l("paid, part credited"),
}


def settled_words(document: Mapping[str, Any]) -> str | None:
    """Return how a document was settled, such as “Paid in full”.

    The result is None if it is not settled. `document` is a row of an invoice or a bill.
    """
    way = way_settled(document)
    return None if way is None else str(_IN_FULL[way])


def settled_in_a_list(settled: SettledAs) -> str:
    """Return a word for a line of a list, such as “paid”."""
    return str(_IN_A_LIST[settled])
