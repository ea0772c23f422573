"""The pages of identity: coming in, the team, one's own account."""

from voyagent.identity.views import account, entry, team
from voyagent.identity.views.blueprint import account_pages, pages

__all__ = ["account", "account_pages", "entry", "pages", "team"]
