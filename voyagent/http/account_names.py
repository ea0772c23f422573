"""Names of ledger accounts on pages and in documents.

Names of the accounts that every agency starts with are translated. Names that an agency chose are
shown unchanged. API responses and files for programs contain the stored name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext

_KEY = "voyagent.account_names"


def register_names(app: Flask, shipped: Iterable[str]) -> None:
    """Set the names of the accounts that every agency starts with."""
    app.extensions[_KEY] = frozenset(shipped)


def bank_account_label(row: Mapping[str, Any]) -> str:
    """Return name and currency of a bank account for a choice, such as `HDFC, INR`."""
    return f"{account_name(row['name'])}, {row['currency']}"


def account_name(name: str) -> str:
    """Return an account's name in the page's language.

    Only the names of the accounts that every agency starts with are translated.
    """
    return str(gettext(name)) if name in current_app.extensions[_KEY] else name
