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


def unit_words(rate: Mapping[str, str]) -> str:
    """Return the value of one unit that a rate is for, such as `up to 7500`.

    The text is empty without limits. A confirmation of an earlier release has rates without these
    limits.
    """
    above, up_to = rate.get("unit_above"), rate.get("unit_up_to")
    if above and up_to:
        return str(gettext("above %(above)s, up to %(up_to)s", above=above, up_to=up_to))
    if above:
        return str(gettext("above %(amount)s", amount=above))
    return str(gettext("up to %(amount)s", amount=up_to)) if up_to else ""


def rates_on(rates: Sequence[Mapping[str, str]], day: date) -> str:
    """Return the rates of a day, such as `CGST 9 % + SGST 9 %, or IGST 18 %`.

    `rates` are the rows of `tables.rates_as_texts`. Rates that depend on the value of one unit have
    it before them. The text is empty if no rate applies.
    """
    by_unit: dict[str, list[Mapping[str, str]]] = {}
    for rate in rates:
        if rate["valid_from"] <= day.isoformat() <= (rate["valid_to"] or "9999"):
            by_unit.setdefault(unit_words(rate), []).append(rate)
    return "; ".join(
        f"{unit}: {_together(found)}" if unit else _together(found)
        for unit, found in by_unit.items()
    )


def _together(rates: Sequence[Mapping[str, str]]) -> str:
    by_supply: dict[str, list[str]] = {}
    for rate in rates:
        by_supply.setdefault(rate["supply"], []).append(
            f"{component(rate['component'])} {rate['percent']} %"
            if rate["percent"] != "0"
            else gettext("no tax")
        )
    parts = [" + ".join(one) for one in by_supply.values()]
    text = (
        gettext("%(first)s, or %(second)s", first=parts[0], second=parts[1])
        if (len(parts) > 1)
        else "".join(parts)
    )
    share = max({rate["share"] for rate in rates} - {"100"}, default=None)
    return str(
        text
        if share is None
        else gettext("%(rates)s of %(share)s %% of the basic fare", rates=text, share=share)
    )
