"""What a line is taxed with, and what is collected on top of a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from voyagent.kernel.errors import N_, Conflict
from voyagent.kernel.money import Money
from voyagent.taxes.tables import Band, Rate, Supply, bands_on, rates_of, rates_on

_HUNDRED = Decimal(100)


class PlaceOfSupplyMissing(Conflict):
    """Whether one state or two share in the tax cannot be told, and is never guessed."""

    code = "place_of_supply_required"
    message = N_("Say in which state the customer is. Without it nobody can tell which tax is due.")


@dataclass(frozen=True, slots=True)
class Taxed:
    """A component of the tax on a line: what it is reckoned on, and what it comes to; `rate` is the
    row that says so.
    """

    component: str
    percent: Decimal
    taxable: Money
    amount: Money
    rate: Rate | Band


def supply_between(home: str | None, place: str | None) -> Supply | None:
    """Whether a supply stays in the state of the agency or leaves it; None where either is not
    known.
    """
    if not home or not place:
        return None
    return "same_state" if home == place else "other_state"


def tax_on(
    country: str, treatment: str, base: Money, *, on: date, supply: Supply | None
) -> list[Taxed]:
    """The components of the tax on a base, each rounded half up by itself and none derived from
    another.

    `base` is the amount of the line, or the basic fare where the treatment is of a share of that.
    Raises UnknownTreatment, NoRateThen, and PlaceOfSupplyMissing where the rows tell states apart
    and `supply` does not.
    """
    rows = rates_on(country, treatment, on)
    if supply is None and any(rate.supply != "any" for rate in rows):
        raise PlaceOfSupplyMissing
    found = []
    for rate in rows:
        if rate.supply in ("any", supply):
            taxable = Money.rounded(base.decimal * rate.share / _HUNDRED, base.currency)
            amount = Money.rounded(taxable.decimal * rate.percent / _HUNDRED, base.currency)
            found.append(Taxed(rate.component, rate.percent, taxable, amount, rate))
    return found


def is_on_fare(country: str, treatment: str, on: date) -> bool:
    """Whether a treatment is reckoned on the basic fare and not on what the line comes to.

    Raises UnknownTreatment, NoRateThen.
    """
    return any(rate.share != _HUNDRED for rate in rates_on(country, treatment, on))


def is_ever_on_fare(country: str, treatment: str) -> bool:
    """Whether a treatment was, is or will be reckoned on the basic fare on any day."""
    return any(rate.share != _HUNDRED for rate in rates_of(country, treatment))


def collected_on(
    country: str, kind: str, amount: Money, *, before: Money, on: date, has_pan: bool
) -> list[Taxed]:
    """What is collected on top of a document, band by band; `before` is what the same buyer's
    documents of the financial year come to already.

    Raises UnknownTreatment, NoRateThen; MixedCurrencies.
    """
    reached = (before + amount).decimal
    found = []
    for band in bands_on(country, kind, on):
        first, last = (
            max(band.above, before.decimal),
            reached if band.up_to is None else min(band.up_to, reached),
        )
        if last > first:
            taxable = Money.rounded(last - first, amount.currency)
            percent = band.percent if has_pan else band.percent_without_pan
            found.append(
                Taxed(
                    band.component,
                    percent,
                    taxable,
                    Money.rounded(taxable.decimal * percent / _HUNDRED, amount.currency),
                    band,
                )
            )
    return found


def day_of_supply(
    invoice: date, *, payment: date | None = None, service: date | None = None
) -> date:
    """The day whose rate counts around a change: two of the three days decide (time of supply);
    what has not happened yet comes after all that has.

    That is the middle one of the three. Without a day of service the invoice stands in for it.
    """
    return sorted((invoice, payment or date.max, service or invoice))[1]
