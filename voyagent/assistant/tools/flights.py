"""Tools that propose to issue tickets and to file a visa."""

from __future__ import annotations

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.trips import effects

_DESK = Desk.TICKETING_VISA
register(
    Tool(
        "issue_ticket",
        "Propose to pay for a held booking and have its tickets.",
        "trip.issue_ticket",
        effects.IssueTicketIn,
        summarise=what_is_asked(effects.ISSUE),
        desk=_DESK,
        writes=True,
        reversible=False,
        gives=frozenset({"issued", "pnr_id", "locator", "tickets", "trip_id"}),
    )
)
register(
    Tool(
        "file_visa",
        "Propose to file a visa for a passenger of the trip.",
        "trip.file_visa",
        effects.FileVisaIn,
        summarise=what_is_asked(effects.FILE),
        desk=_DESK,
        writes=True,
        reversible=False,
        gives=frozenset({"filed", "line_id", "receipt", "status", "trip_id"}),
    )
)
