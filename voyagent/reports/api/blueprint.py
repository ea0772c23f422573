"""Blueprint of the JSON operations of the reports."""

from __future__ import annotations

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard

api = ApiBlueprint("reports", __name__, tag="Reports", guard=Guard.BEARER)
