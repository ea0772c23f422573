"""A day or an amount that somebody wrote in free words (`next Friday`, `1.3 lakh`): the room that
understands words says who reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

DayReader = Callable[[str, date], date | None]
AmountReader = Callable[[str], tuple[str, str | None] | None]
_days: list[DayReader] = []
_amounts: list[AmountReader] = []


def reads_days(reader: DayReader) -> DayReader:
    """Have a higher room read days: words and today to the day, None for words that are not one day
    and nothing else.
    """
    _days.append(reader)
    return reader


def reads_amounts(reader: AmountReader) -> AmountReader:
    """Have a higher room read amounts: words to a plain decimal and the currency if they name one,
    None for words that are not one amount and nothing else.
    """
    _amounts.append(reader)
    return reader


def day_in(words: str, today: date) -> date | None:
    """The day that these words are, or None."""
    return next((found for read in _days if (found := read(words, today)) is not None), None)


def amount_in(words: str) -> tuple[str, str | None] | None:
    """The amount that these words are, with its currency where they name it, or None."""
    return next((found for read in _amounts if (found := read(words)) is not None), None)
