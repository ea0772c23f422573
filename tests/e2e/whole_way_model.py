"""A scripted model for the complete case, which calls tools."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.model_server import Heard, Reply, Use

REASON = "Wait for the deposit"
_FARE = re.compile(r'"fare_id":"([0-9a-f-]{36})"')


@dataclass
class WholeWayModel:
    """Responds to the last message and to the tools that have returned since."""

    reasons_heard: list[str] = field(default_factory=list)

    def __call__(self, heard: Heard) -> Reply:
        """Return the next response."""
        if "A person has decided about a request of yours" in heard.words:
            return self._after_a_decision(heard)
        for words, steps in self._wishes.items():
            if re.search(words, heard.words, re.IGNORECASE):
                return _next(heard, steps)
        return Reply("What shall I do?")

    @property
    def _wishes(self) -> dict[str, list[Callable[[Heard], Use | str]]]:
        return {
            "^search flights": [_search, _fares],
            "^hold the": [
                _hold_the_second,
            ],
            "^issue the tickets": [
                lambda _heard: Use("show_trip"),
                _issue,
            ],
            "^invoice this trip": [
                lambda _heard: Use("show_trip"),
                _draft,
            ],
            "regards": [
                _log,
            ],
        }

    def _after_a_decision(self, heard: Heard) -> Reply:
        note = json.loads(heard.words[heard.words.index("{") :])
        if note["decision"] == "rejected":
            self.reasons_heard.append(note["reason"])
            return Reply(f"I leave it. Reason: {note['reason']}")
        outcome = note["outcome"]
        if note["tool"] == "draft_invoice":
            return Reply(
                "The draft is made. I ask for its issue.",
                (Use("issue_invoice", {"invoice_id": outcome["invoice_id"]}),),
            )
        if note["tool"] == "issue_ticket":
            return Reply(
                f"Booking {outcome['locator']} is ticketed: {', '.join(outcome['tickets'])}."
            )
        return Reply(f"Invoice {outcome['number']} issued.")


def _next(heard: Heard, steps: list[Callable[[Heard], Use | str]]) -> Reply:
    """Return the step after the tools that have returned in this turn."""
    found = steps[_answered(heard)](heard)
    return Reply(found) if isinstance(found, str) else Reply("", (found,))


def _answered(heard: Heard) -> int:
    """Return the number of calls after the person's last message."""
    count = 0
    for message in reversed(heard.body["messages"]):
        content = message["content"]
        blocks = [content] if isinstance(content, str) else content
        if message["role"] == "user" and any(
            isinstance(block, str) or block["type"] == "text" for block in blocks
        ):
            return count
        count += sum(
            1 for block in blocks if not isinstance(block, str) and block["type"] == "tool_use"
        )
    return count


def _log(heard: Heard) -> Use:
    first, last = re.findall(r"\d{1,2} \w+ \d{4}", heard.words)[:2]
    days = {"depart_date": _iso(first), "return_date": _iso(last)}
    return Use(
        "create_enquiry",
        {
            "customer_name": "Deepa Krishnan",
            "origin": "Kochi",
            "destination": "Dubai",
            "pax_count": 2,
            **days,
        },
    )


def _search(heard: Heard) -> Use:
    known = re.findall(
        r'"(?:depart|return)_date":"(\d{4}-\d\d-\d\d)"',
        json.dumps(heard.body["messages"], separators=(",", ":")).replace('\\"', '"'),
    )
    way = {
        "origin": "COK",
        "destination": "DXB",
        "outbound_date": known[0],
        "return_date": known[1],
    }
    return Use("search_flights", {**way, "passengers": {"adult": 2}})


def _fares(heard: Heard) -> str:
    fares = heard.results[-1][1]["fares"][:3]
    rows = (
        f"{number}. {' / '.join(one['flights'])}, INR {float(one['price']['amount']):,.2f}"
        for number, one in enumerate(fares, 1)
    )
    return "\n".join(("These can be had:", *rows))


def _hold_the_second(heard: Heard) -> Use:
    return Use(
        "hold_flight",
        {"fare_id": _FARE.findall(json.dumps(heard.body["messages"]).replace('\\"', '"'))[1]},
    )


def _issue(heard: Heard) -> Use:
    line = next(
        line
        for line in heard.results[-1][1]["lines"]
        if line["kind"] == "flight" and line["status"] == "held"
    )
    return Use("issue_ticket", {"pnr_id": line["id"]})


def _draft(heard: Heard) -> Use:
    today = re.search(r'"today":"(\d{4}-\d\d-\d\d)"', heard.system)
    assert today
    lines: list[dict[str, Any]] = [
        {
            "description": one["description"],
            "quantity": 1,
            "unit_price": one["price"],
            "currency": one["currency"],
        }
        for one in heard.results[-1][1]["charges"]
    ]
    return Use(
        "draft_invoice",
        {
            "customer_name": "Deepa Krishnan",
            "issue_date": today[1],
            "due_date": today[1],
            "line_items": lines,
        },
    )


def _iso(words: str) -> str:
    return datetime.strptime(words, "%d %B %Y").date().isoformat()  # noqa: DTZ007 - a day has no zone
