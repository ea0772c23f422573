"""The JSON door of identity: coming in, one's own account, the team."""

from voyagent.identity.api.account import account
from voyagent.identity.api.gate import gate
from voyagent.identity.api.team import team

__all__ = ["account", "gate", "team"]
