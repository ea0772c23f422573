"""Texts about tax treatments and their rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext as _l

from voyagent.taxes.words import component

STATES: dict[str, Any] = {
    "confirmed": _l("Confirmed"),
    "changed": _l("Rates changed since"),
    "in_use": _l("In use, not confirmed"),
    "unconfirmed": _l("Not confirmed"),
}
SUPPLIES: dict[str, Any] = {
    "same_state": _l("In the own state"),
    "other_state": _l("In other states"),
    "any": _l("Everywhere"),
}


def rates_on(rates: Sequence[Mapping[str, str]], day: date) -> str:
    """Return the rates of a day, such as `CGST 9 % + SGST 9 %, or IGST 18 %`.

    `rates` are the rows of `tables.rates_as_texts`. The text is empty if no rate applies.
    """
    by_supply: dict[str, list[str]] = {}
    shares = set()
    for rate in rates:
        if rate["valid_from"] <= day.isoformat() <= (rate["valid_to"] or "9999"):
            by_supply.setdefault(rate["supply"], []).append(
                f"{component(rate['component'])} {rate['percent']} %"
                if rate["percent"] != "0"
                else gettext("no tax")
            )
            shares.add(rate["share"])
    parts = [" + ".join(one) for one in by_supply.values()]
    text = (
        gettext("%(first)s, or %(second)s", first=parts[0], second=parts[1])
        if (len(parts) > 1)
        else "".join(parts)
    )
    share = max(shares - {"100"}, default=None)
    return str(
        text
        if share is None
        else gettext("%(rates)s of %(share)s %% of the basic fare", rates=text, share=share)
    )
