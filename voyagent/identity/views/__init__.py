"""The pages of identity: coming in, the team, one's own account."""

from voyagent.identity.views import entry, team
from voyagent.identity.views.blueprint import pages

__all__ = ["entry", "pages", "team"]
