"""Blueprints of identity: sign-in and team, and the user's own account."""

from __future__ import annotations

from voyagent.http.guards import Guard
from voyagent.http.pages import PageBlueprint, page_fact
from voyagent.identity.queries import people

pages = PageBlueprint("identity", __name__, guard=Guard.PUBLIC)
account_pages = PageBlueprint("account", __name__, guard=Guard.SIGNED_IN)
page_fact("provisional")(people.is_provisional)
