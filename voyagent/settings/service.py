"""The rules of an agency's settings: a new agency begins with a row of its own."""

from __future__ import annotations

from voyagent.kernel.db import db
from voyagent.settings.models import TenantSettings

DEFAULT_CURRENCY = "INR"
DEFAULT_TIMEZONE = "UTC"


def open_settings(*, default_currency: str = DEFAULT_CURRENCY, timezone: str = DEFAULT_TIMEZONE) -> None:
    """Give the bound, new agency its settings: the currency of its books and its zone, all else by default."""
    db.session.add(TenantSettings(default_currency=default_currency, timezone=timezone))
