"""Find the enquiries that a user's text may refer to."""

from __future__ import annotations

from voyagent.capabilities.capability import Choice, Invocation
from voyagent.capabilities.lookups import of_party
from voyagent.enquiries.queries import enquiries as enquiries_queries
from voyagent.enquiries.queries.enquiries import Search
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.pages import Part

SEARCHED_MAX = 200


def enquiries(call: Invocation, text: str) -> list[Choice]:
    """Return the enquiries whose customer is named in a text, newest first.

    Only the newest 200 enquiries are considered. If the text has neither a customer's name nor a
    similar name, all of these enquiries are returned.
    """
    page = enquiries_queries.list_enquiries(call.reader, Search(), Part(limit=SEARCHED_MAX))
    return of_party([(_choice(row), row["customer_name"]) for row in page.items], text)


def _choice(row: Row) -> Choice:
    label = ", ".join(filter(None, (row["customer_name"], row["destination"])))
    return Choice(str(row["id"]), label)
