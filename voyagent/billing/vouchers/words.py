"""Texts of receipt vouchers and refund vouchers, the same on pages and PDF."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext

from voyagent.billing.core.models.vouchers import COMPONENTS
from voyagent.http.template_filters import amount
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money
from voyagent.taxes.words import TREATMENTS, component, place_of_supply


def service_of_advance(voucher: Row) -> str:
    """Return the description of the service that an advance is for."""
    if voucher["tax"] is None:
        return str(gettext("Advance for travel services, rate of tax not known yet"))
    service = TREATMENTS.get(voucher["tax"], voucher["tax"])
    return str(gettext("Advance for: %(service)s", service=service))


def place_of_advance(voucher: Row) -> str:
    """Return the place of supply of an advance with its code, or that it is not known."""
    return place_of_supply(voucher["place_of_supply"]) or str(gettext("Not known yet"))


def value_of_advance(voucher: Row) -> Money:
    """Return the taxable value of an advance: the amount less its taxes."""
    taxes = sum(voucher[f"{name}_minor"] for name in COMPONENTS)
    return Money(voucher["amount_minor"] - taxes, voucher["currency"])


def taxes_of_advance(voucher: Row) -> list[str]:
    """Return each tax component of an advance with its rate and amount."""
    found = [name for name in COMPONENTS if voucher[f"{name}_minor"]]
    percent = voucher["percent"] / Decimal(len(found) or 1)
    return [
        f"{component(name)} {percent.normalize():f} %"
        f" {amount(Money(voucher[f'{name}_minor'], voucher['currency']))}"
        for name in found
    ]
