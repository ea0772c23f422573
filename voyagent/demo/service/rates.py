"""Enter exchange rates of the past year."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from voyagent.demo.service.cast import CURRENCY
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.rates import Quote
from voyagent.rates import service

SOURCE = Path(__file__).with_name("rates.csv")
CURRENCIES = ("USD", "AED")
INTERVAL_DAYS = 31
"""Maximum number of days for which a rate is used; the file has one rate a month."""


def enter_rates(accountant: Actor) -> int:
    """Enter the reference rates in `rates.csv`; return their number."""
    today = clock.today(accountant.timezone)
    with SOURCE.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        day = today - timedelta(days=int(line["days_ago"]))
        for currency in CURRENCIES:
            quote = Quote(currency, CURRENCY, Decimal(line[currency]), day, "FBIL")
            service.enter_rate(accountant, quote)
    return len(lines) * len(CURRENCIES)
