"""Queries of the confirmations of tax rates, and of the tax treatments in use.

A treatment that the agency used before anybody confirmed one of its rates is `in_use`: its invoices
stay as they are, and it can be used further. Once somebody has confirmed its rates, the
confirmation counts alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, Text, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.tax_confirmations import TaxConfirmation
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.tenancy import owned
from voyagent.taxes.rules import tables

State = Literal["confirmed", "changed", "in_use", "unconfirmed"]
PENDING: frozenset[State] = frozenset({"changed", "unconfirmed"})
"""States in which nobody has confirmed the present rates, although they are new to the agency."""
_CONFIRMATIONS = TaxConfirmation.__table__.c
_LINES, _INVOICES = InvoiceLine.__table__.c, Invoice.__table__.c


@dataclass(frozen=True, slots=True)
class Standing:
    """A tax treatment of a country, with the confirmation of its rates that counts.

    That is the confirmation of the present rates, or else the last one. `state` is `confirmed`, or
    `changed` if the present rates differ from the confirmed ones, or `in_use` if nobody has
    confirmed rates but issued invoices have the treatment, or `unconfirmed`. `rates` are the
    present rates and `confirmed_rates` the confirmed ones, both as texts.
    """

    country: str
    treatment: str
    state: State
    rates_hash: str
    rates: list[dict[str, str]]
    confirmed_rates: list[dict[str, str]]
    compared_with: str | None
    confirmed_by: str | None
    confirmed_at: datetime | None


def read_standings(
    reader: Reader, country: str, treatments: Collection[str] | None = None
) -> list[Standing]:
    """Return the treatments of a country in the order of its table.

    `treatments` are the codes to return; None returns all.
    """
    codes = [
        one for one in tables.treatments(country) if treatments is None or one in set(treatments)
    ]
    if not codes:
        return []
    confirmations, used = reader.read(_last_statement(country), _used_statement(codes))
    by_code = {row["treatment"]: row for row in confirmations}
    in_use = {row["code"] for row in used}
    return [_standing(country, code, by_code.get(code), is_used=code in in_use) for code in codes]


def confirmed_treatments(reader: Reader, country: str) -> set[str]:
    """Return the treatments of a country whose present rates somebody has confirmed."""
    return {
        row["treatment"]
        for row in reader.read(_last_statement(country))[0]
        if row["rates_hash"] == tables.rates_hash(country, row["treatment"])
    }


def _standing(country: str, code: str, last: Row | None, *, is_used: bool) -> Standing:
    present = tables.rates_hash(country, code)
    state: State
    if last is not None:
        state = "confirmed" if last["rates_hash"] == present else "changed"
    else:
        state = "in_use" if is_used else "unconfirmed"
    return Standing(
        country,
        code,
        state,
        present,
        tables.rates_as_texts(country, code),
        last["rates"] if last else [],
        last["compared_with"] if last else None,
        last["confirmed_by"] if last else None,
        last["confirmed_at"] if last else None,
    )


def _last_statement(country: str) -> Select[Any]:
    """Select, for each treatment of a country, the confirmation that counts.

    It is that of the present rates, or else the last one.
    """
    present = [tables.rates_hash(country, code) for code in tables.treatments(country)]
    return (
        select(
            _CONFIRMATIONS.treatment,
            _CONFIRMATIONS.rates,
            _CONFIRMATIONS.rates_hash,
            _CONFIRMATIONS.compared_with,
            _CONFIRMATIONS.confirmed_at,
            name_of(_CONFIRMATIONS.confirmed_by_user_id).label("confirmed_by"),
        )
        .where(owned(TaxConfirmation), _CONFIRMATIONS.country == country)
        .ext(distinct_on(_CONFIRMATIONS.treatment))
        .order_by(
            _CONFIRMATIONS.treatment,
            _CONFIRMATIONS.rates_hash.in_(present).desc(),
            _CONFIRMATIONS.confirmed_at.desc(),
        )
    )


def _used_statement(codes: list[str]) -> Select[Any]:
    """Select which of some treatments are on an invoice that was issued."""
    code = func.unnest(literal(codes, ARRAY(Text()))).column_valued("code")
    return select(code).where(
        exists().where(
            owned(InvoiceLine),
            owned(Invoice),
            _LINES.tax == code,
            _INVOICES.id == _LINES.invoice_id,
            _INVOICES.status != "draft",
        )
    )
