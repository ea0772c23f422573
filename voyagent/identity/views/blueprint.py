"""The blueprint of coming in and of the team; most of its pages are public."""

from __future__ import annotations

from voyagent.http.guards import Guard
from voyagent.http.pages import PageBlueprint

pages = PageBlueprint("identity", __name__, guard=Guard.PUBLIC)
