"""Queries of services that were given and are not billed or not invoiced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from voyagent.billing.core.queries.of_trips import is_invoiced
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.ledger.rules import next_month
from voyagent.trips.queries import expected_bills, services

LIST_MAX = 200
"""The number of services in each list, at most."""
LOOKED_BACK = timedelta(days=365)
"""How long before the end of a month a service that is not invoiced may have ended."""


@dataclass(frozen=True, slots=True)
class OpenServices:
    """Services that were given by the end of a month, and what is missing of them.

    `unbilled` are those whose bill has not come, and `uninvoiced` those that no invoice has.
    """

    month: date
    unbilled: list[Row]
    uninvoiced: list[Row]


def read_open_services(reader: Reader, month: date) -> OpenServices:
    """Return given services that are not billed or not invoiced at a month's end.

    `month` is its first day. Services that are not invoiced are those of the last 12 months. Each
    list has at most 200 services, the earliest first.
    """
    last = next_month(month) - timedelta(days=1)
    return OpenServices(
        month,
        expected_bills.list_given(reader, last, limit=LIST_MAX),
        services.list_not_invoiced(reader, last - LOOKED_BACK, last, is_invoiced, limit=LIST_MAX),
    )
