"""Texts of exchange rates for pages and printed documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask_babel import gettext

from voyagent.http.template_filters import day
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.rates import plain_rate


def rate_words(row: Row) -> str | None:
    """Return the exchange rate of a row with date and source, or None."""
    if row["rate"] is None:
        return None
    return str(
        gettext(
            "1 %(base)s = %(rate)s %(quote)s, %(source)s, %(day)s",
            **_quoted(row),
            source=row["rate_source"],
            day=day(row["rate_on"], year=True),
        )
    )


def rate_on_paper(row: Row, day_words: Callable[[date], str]) -> str | None:
    """Return the exchange rate of a row for a printed document, without its source.

    `day_words` formats a date. The result is None if the row has no exchange rate.
    """
    if row["rate"] is None:
        return None
    return str(
        gettext(
            "1 %(base)s = %(rate)s %(quote)s, of %(day)s",
            **_quoted(row),
            day=day_words(row["rate_on"]),
        )
    )


def _quoted(row: Row) -> dict[str, str]:
    return {"base": row["rate_base"], "rate": plain_rate(row["rate"]), "quote": row["rate_quote"]}
