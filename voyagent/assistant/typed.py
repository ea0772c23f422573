"""Reads what is typed into a request's fields as the talk reads it: `next Friday`, `1.3 lakh`,
`₹45,000`.
"""

from __future__ import annotations

from datetime import date

from voyagent.approvals.freely import reads_amounts, reads_days
from voyagent.kernel.text.amounts import added_tax, find_figures
from voyagent.kernel.text.dates import find_days


@reads_days
def day(words: str, today: date) -> date | None:
    """The one day that the words are; None where they are more than a day, or leave it open."""
    found = find_days(words, today, by_staff=True)
    return (
        found[0].day if len(found) == 1 and _is_whole(words, found[0].start, found[0].end) else None
    )


@reads_amounts
def amount(words: str) -> tuple[str, str | None] | None:
    """The one amount that the words are, and its currency; None where it is each one's, one end of
    a range, below nothing, or without a tax to be added.
    """
    figures = find_figures(words)
    if len(figures) != 1 or added_tax(words):
        return None
    figure = figures[0]
    is_plain = not (figure.ranged or figure.each) and figure.value >= 0
    return (
        (figure.plain, figure.currency)
        if is_plain and _is_whole(words, figure.start, figure.end)
        else None
    )


def _is_whole(words: str, start: int, end: int) -> bool:
    return not (words[:start] + words[end:]).strip(" .")
