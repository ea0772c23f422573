"""Queries of an agency's tax treatments."""

from __future__ import annotations

from collections.abc import Iterable

from voyagent.billing.core.queries.tax_confirmations import PENDING, Standing, read_standings
from voyagent.kernel.database.read_pool import Reader
from voyagent.settings import queries as settings
from voyagent.taxes.rules.numbers import country_of


def read_treatments(reader: Reader) -> list[Standing]:
    """Return the tax treatments of the agency's country; none without a tax number."""
    row = settings.read(reader)
    country = country_of(row["tax_number"]) if row else None
    return read_standings(reader, country) if country else []


def unconfirmed(reader: Reader, country: str | None, treatments: Iterable[str | None]) -> list[str]:
    """Return the tax treatments that a person should confirm before their use.

    `country` is that of the agency's tax number, or None without one.
    """
    codes = {one for one in treatments if one}
    if country is None or not codes:
        return []
    return [one.treatment for one in read_standings(reader, country, codes) if one.state in PENDING]
