"""Blueprint of the HTML pages of the reports."""

from __future__ import annotations

from voyagent.http.guards import Guard
from voyagent.http.pages import PageBlueprint

pages = PageBlueprint("reports", __name__, guard=Guard.SIGNED_IN)
