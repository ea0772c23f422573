"""Blueprint of the billing pages."""

from __future__ import annotations

from voyagent.http.guards import Guard
from voyagent.http.pages import PageBlueprint

pages = PageBlueprint("billing", __name__, guard=Guard.SIGNED_IN)
