"""JSON API of identity: sign-up, sign-in, the user's own account and the team."""

from voyagent.identity.api import recovery
from voyagent.identity.api.account import account
from voyagent.identity.api.gate import gate
from voyagent.identity.api.keys import keys
from voyagent.identity.api.members import members
from voyagent.identity.api.sessions import sessions
from voyagent.identity.api.team import team
from voyagent.identity.api.two_factor import two_factor

__all__ = ["account", "gate", "keys", "members", "recovery", "sessions", "team", "two_factor"]
