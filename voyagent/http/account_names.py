"""Names of accounts on pages and paper: those that we ship are words of ours, and in the page's
language; what an agency wrote stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, current_app
from flask_babel import gettext

_KEY = "voyagent.account_names"


def know(app: Flask, shipped: Iterable[str]) -> None:
    """Say which names are ours."""
    app.extensions[_KEY] = frozenset(shipped)


def account_name(name: str) -> str:
    """The name as people read it; programs and files for them have it as it is stored."""
    return str(gettext(name)) if name in current_app.extensions[_KEY] else name
