"""Names of accounts on pages and paper.

Names that we ship are translated; names that an agency wrote stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, current_app
from flask_babel import gettext

_KEY = "voyagent.account_names"


def know(app: Flask, shipped: Iterable[str]) -> None:
    """Set the names that we ship."""
    app.extensions[_KEY] = frozenset(shipped)


def account_name(name: str) -> str:
    """Return the translated name; programs and files for them keep the stored one."""
    return str(gettext(name)) if name in current_app.extensions[_KEY] else name
