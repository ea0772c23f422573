"""HTML pages of identity: sign-in, the team and the user's own account."""

from voyagent.identity.views import (
    account,
    entry,
    keys,
    members,
    recovery,
    sessions,
    team,
    two_factor,
)
from voyagent.identity.views.blueprint import account_pages, pages

__all__ = [
    "account",
    "account_pages",
    "entry",
    "keys",
    "members",
    "pages",
    "recovery",
    "sessions",
    "team",
    "two_factor",
]
