"""Texts about the taxes of invoices and bills."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext

from voyagent.http.template_filters import amount, long_day
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money
from voyagent.taxes.rules.numbers import COUNTRY
from voyagent.taxes.rules.tables import states
from voyagent.taxes.words import REQUIRED_SENTENCES, component


def required_sentences(lines: Iterable[Row]) -> list[str]:
    """Return the sentences that the law requires on an invoice, each once.

    The tax treatment of a line determines which sentence is required, if any.
    """
    return [
        str(REQUIRED_SENTENCES[tax])
        for tax in dict.fromkeys(line["tax"] for line in lines)
        if tax in REQUIRED_SENTENCES
    ]


def line_notes(line: Row) -> list[str]:
    """Return the notes of an invoice line: service code, service date, and TCS."""
    day = (
        [
            gettext(
                "Service on %(day)s", day=long_day(line["service_date"], weekday=False, year=True)
            )
        ]
        if line["service_date"]
        else []
    )
    code = [f"SAC {line['sac']}"] if line["sac"] else []
    return [*code, *day, *([gettext("TCS is collected on this")] if line["collection"] else [])]


def place_of_supply(code: str | None) -> str:
    """Return a state with its code, such as `Kerala (32)`; empty if there is no code."""
    return f"{gettext(states(COUNTRY)[code])} ({code})" if code else ""


def tax_note(line: Row, taxes: Iterable[Row], currency: str) -> str:
    """Return the taxes of a bill line as text for a page.

    The text is empty if the line has no taxes.
    """
    found = [
        f"{component(tax['component'])} {amount(Money(tax['amount_minor'], currency))}"
        for tax in taxes
        if tax["line_no"] == line["line_no"]
    ]
    if not found:
        return ""
    return (
        f"{', '.join(found)} ·"
        f" {gettext('credited to us') if line['input_credit'] else gettext('part of the cost')}"
    )
