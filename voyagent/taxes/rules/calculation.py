"""Calculate the tax on an amount, and the tax at source on a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from voyagent.kernel.errors import N_, Conflict
from voyagent.kernel.money import Money
from voyagent.taxes.rules.tables import (
    Band,
    NoRateThen,
    Rate,
    Supply,
    UnknownTreatment,
    bands_on,
    rates_of,
    rates_on,
)

_ONE, _HUNDRED = Decimal(1), Decimal(100)


class PlaceOfSupplyMissing(Conflict):
    """The place of supply is unknown, and the tax depends on it."""

    code = "place_of_supply_required"
    message = N_("Enter the customer’s state. It decides which tax is due.")


class NoRateForPrice(Conflict):
    """No rate of the treatment applies to the value of one unit."""

    code = "tax_rate_not_for_price"
    message = N_(
        "The price of one unit does not fit this tax. Choose another tax, check the quantity, or"
        " enter the price before tax."
    )


class NoRateForAdvance(Conflict):
    """The tax of the treatment cannot be computed from an advance.

    The treatment has no tax, taxes a share of the fare, or has several rates by the price of a
    unit.
    """

    code = "tax_not_for_advance"
    message = N_("This tax cannot be computed from an advance. Choose another one.")


@dataclass(frozen=True, slots=True)
class Taxed:
    """One tax component of an amount, such as CGST.

    `taxable` is the part of the amount to which `percent` applies. `amount` is the tax. `rate` is
    the row of the tax tables from which the tax was computed.
    """

    component: str
    percent: Decimal
    taxable: Money
    amount: Money
    rate: Rate | Band


def supply_between(home: str | None, place: str | None) -> Supply | None:
    """Return whether a supply is within a state or to another state.

    In India CGST and SGST are due within a state, and IGST to another state (`taxes/rates.csv`).
    `home` is the state code of the seller and `place` that of the place of supply. The result is
    None if one of these codes is unknown.
    """
    if not home or not place:
        return None
    return "same_state" if home == place else "other_state"


def tax_on(  # noqa: PLR0913 - each keyword is a fact of the sale
    country: str,
    treatment: str,
    base: Money,
    *,
    on: date,
    supply: Supply | None,
    quantity: Decimal = _ONE,
    unit_value: Decimal | None = None,
    is_included: bool = False,
) -> list[Taxed]:
    """Return the tax components of an amount, each rounded half up separately.

    An exempt sale has none.

    `treatment` says how the sale is taxed, such as `service_fee` or `air_domestic`. `base` is the
    amount of a document line. If the treatment taxes a share of the fare, `base` is the basic fare.
    `on` is the day whose rates apply. With `is_included` the tax is a part of `base`: the taxable
    value is `base` less the components, so that value and components add up. `quantity` is the
    number of units: rates may depend on the value of one unit, such as a room for a night. That
    value is `unit_value` if it is given, as for a further amount on an earlier sale.

    Raises UnknownTreatment and NoRateThen, and NoRateForPrice if no rate is for the value of one
    unit. Raises PlaceOfSupplyMissing if `supply` is None and the rates differ between supplies
    within a state and to another state.
    """
    rows = rates_on(country, treatment, on)
    if supply is None and any(rate.supply != "any" for rate in rows):
        raise PlaceOfSupplyMissing
    for slab in dict.fromkeys(rate.slab for rate in rows):
        due = [rate for rate in rows if rate.slab == slab and rate.supply in ("any", supply)]
        found = _taxes_in(base, due) if is_included else _taxes_of(base, due)
        value = found[0].taxable if found and is_included else base
        units = (value.decimal, quantity) if unit_value is None else (unit_value, _ONE)
        if _is_within(slab, *units):
            return [tax for tax in found if tax.percent]
    raise NoRateForPrice


def tax_in_advance(
    country: str, treatment: str, advance: Money, *, on: date, supply: Supply
) -> list[Taxed]:
    """Return the tax components that an advance includes, each rounded half up.

    `on` is the day of the receipt. The treatment alone must decide the rate, because an advance has
    no price of a unit.

    Raises UnknownTreatment and NoRateThen, and NoRateForAdvance if the treatment has no tax, taxes
    a share of the fare, or has several rates by the price of a unit.
    """
    rows = rates_on(country, treatment, on)
    if not is_for_advances(country, treatment, on):
        raise NoRateForAdvance
    due = [rate for rate in rows if rate.supply in ("any", supply)]
    return [tax for tax in _taxes_in(advance, due) if tax.percent]


def is_for_advances(country: str, treatment: str, on: date) -> bool:
    """Return True if an advance on a day may have a tax treatment (`tax_in_advance`)."""
    try:
        rows = rates_on(country, treatment, on)
    except (UnknownTreatment, NoRateThen):
        return False
    return (
        len({rate.slab for rate in rows}) == 1
        and all(rate.share == _HUNDRED for rate in rows)
        and any(rate.percent for rate in rows)
    )


def _taxes_of(base: Money, rates: Sequence[Rate]) -> list[Taxed]:
    found = []
    for rate in rates:
        taxable = Money.rounded(base.decimal * rate.share / _HUNDRED, base.currency)
        amount = Money.rounded(taxable.decimal * rate.percent / _HUNDRED, base.currency)
        found.append(Taxed(rate.component, rate.percent, taxable, amount, rate))
    return found


def _taxes_in(charged: Money, rates: Sequence[Rate]) -> list[Taxed]:
    whole = _HUNDRED + sum(rate.percent for rate in rates)
    amounts = [
        Money.rounded(charged.decimal * rate.percent / whole, charged.currency) for rate in rates
    ]
    taxable = charged - sum(amounts, Money(0, charged.currency))
    return [
        Taxed(rate.component, rate.percent, taxable, amount, rate)
        for rate, amount in zip(rates, amounts, strict=True)
    ]


def _is_within(
    slab: tuple[Decimal | None, Decimal | None], value: Decimal, quantity: Decimal
) -> bool:
    above, up_to = slab
    return (above is None or value > above * quantity) and (
        up_to is None or value <= up_to * quantity
    )


def is_on_fare(country: str, treatment: str, on: date) -> bool:
    """Return True if the treatment taxes the basic fare on a day, not the full amount.

    Raises UnknownTreatment, NoRateThen.
    """
    return any(rate.share != _HUNDRED for rate in rates_on(country, treatment, on))


def is_ever_on_fare(country: str, treatment: str) -> bool:
    """Return True if the treatment taxes the basic fare on any day, past or future."""
    return any(rate.share != _HUNDRED for rate in rates_of(country, treatment))


def collected_on(
    country: str, kind: str, amount: Money, *, before: Money, on: date, has_pan: bool
) -> list[Taxed]:
    """Return the tax collected at source on a document, one component for each band.

    `kind` is the kind of collection, such as `overseas_package`. `amount` is the document's total.
    `before` is the total of the buyer's earlier documents of the financial year. A buyer without a
    PAN pays `percent_without_pan` of each band.

    Raises UnknownTreatment, NoRateThen, MixedCurrencies.
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
    """Return the time of supply: the day whose tax rates apply.

    The result is the second of the days of invoice, payment and service, in order of time. Without
    a payment, the result is the later of the days of invoice and service. An unknown day of service
    counts as the day of the invoice.
    """
    return sorted((invoice, payment or date.max, service or invoice))[1]
