"""What the lines of a trip cost the customer, in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from voyagent.assistant.planner.sentences import money
from voyagent.assistant.planner.wording import _

JsonObject = dict[str, Any]


def price_of(price: JsonObject) -> str:
    """An amount with its currency."""
    return money(price["amount"], price["currency"])


def or_none(price: JsonObject) -> str:
    """The same, and that there is no price yet where it is nought."""
    return price_of(price) if Decimal(price["amount"]) else _("no price yet")


def is_in_fare(line: JsonObject, trip: JsonObject) -> bool:
    """Whether another line of the same booking has the price of both, as the way out has that of
    the way back.
    """
    number = line.get("supplier_ref")
    same = (
        one
        for one in trip["lines"]
        if number and one["kind"] == "flight" and one["supplier_ref"] == number
    )
    return (
        line.get("kind") == "flight"
        and not Decimal(line["price"]["amount"])
        and any(Decimal(one["price"]["amount"]) for one in same)
    )


def customer_pays(trip: JsonObject) -> str:
    """What the customer pays; where nothing has a price yet that is said, and where a part of it
    has none, it is said of the sum.
    """
    priced = [total for total in trip["totals"] if Decimal(total["price"])]
    if not priced:
        return _("There is no price yet.")
    sum_of_all = _(
        "The customer pays %(totals)s.",
        totals=", ".join(money(total["price"], total["currency"]) for total in priced),
    )
    lacks = any(
        not Decimal(line["price"]["amount"])
        and line["status"] != "cancelled"
        and not is_in_fare(line, trip)
        for line in trip["lines"]
    )
    return f"{sum_of_all} {_('A part of it has no price yet.')}" if lacks else sum_of_all
