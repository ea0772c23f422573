"""Page of services that are not billed or not invoiced, and checks at closing."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, url_for
from flask_babel import ngettext

from voyagent.billing.accruals import queries
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import with_amounts
from voyagent.http.template_filters import month_words
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row
from voyagent.ledger.errors import MonthNotFound
from voyagent.ledger.queries.closing_checks import Check, register_checks
from voyagent.ledger.rules import parse_month
from voyagent.ledger.service.months import wire_month

NAMED_MAX = 5
"""The number of services that a check at closing names."""


@pages.page("/months/<month>/accruals", permission="ledger.close", missing=MonthNotFound)
def accruals(reader: RequestReader, month: str) -> Any:
    """Show given services that are not billed or not invoiced at a month's end."""
    first = parse_month(month)
    found = queries.read_open_services(reader, first)
    return render_template(
        "accruals/month.html",
        month=month,
        name=month_words(first),
        unbilled=_shown(found.unbilled, "open"),
        uninvoiced=_shown(found.uninvoiced, "price"),
        list_max=queries.LIST_MAX,
    )


@register_checks
def check_services(reader: Reader, first: date, _last: date) -> list[Check]:
    """Return a check of each list that is not empty; it names the first services."""
    found = queries.read_open_services(reader, first)
    unbilled = ngettext(
        "%(num)d service was given whose bill has not come.",
        "%(num)d services were given whose bills have not come.",
        len(found.unbilled),
    )
    uninvoiced = ngettext(
        "%(num)d service was given that is not invoiced.",
        "%(num)d services were given that are not invoiced.",
        len(found.uninvoiced),
    )
    address = url_for("billing.accruals", month=wire_month(first))
    return [
        Check(ok=False, text=text, address=f"{address}#{name}", details=_named(rows))
        for name, rows, text in (
            ("unbilled", found.unbilled, unbilled),
            ("uninvoiced", found.uninvoiced, uninvoiced),
        )
        if rows
    ]


def _named(rows: list[Row]) -> tuple[str, ...]:
    parts = ((row["service"], row["supplier"], row["trip_title"]) for row in rows[:NAMED_MAX])
    return tuple(" · ".join(filter(None, names)) for names in parts)


def _shown(rows: list[Row], amount: str) -> list[Row]:
    return [shown for row in rows for shown in with_amounts([row], row["currency"], amount)]
