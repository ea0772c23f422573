"""The JSON door of bills: list and read."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing import queries
from voyagent.billing.bills_wire import BillListOut, BillOut, BillQuery, wire_bill, wire_bills
from voyagent.billing.queries import BillNotFound
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.reading import Reader, Row

api = ApiBlueprint("bills", __name__, tag="Bills", guard=Guard.BEARER)


@api.get("/bills", answer=BillListOut, permission="billing.read", errors=(InvalidCursor,))
def list_bills(reader: Reader, query: BillQuery) -> Row:
    """List bills, the newest issue date first.

    All filters hold at once; an empty one filters nothing. The page behind `next_cursor` costs the same however deep it lies; nothing is counted.
    """
    return wire_bills(queries.list_bills(reader, query.search(), limit=query.limit, cursor=query.place()), query.limit)


@api.get("/bills/<bill_id>", answer=BillOut, permission="billing.read", missing=BillNotFound)
def get_bill(reader: Reader, bill_id: UUID) -> Row:
    """Read a bill with its lines and what was paid on it."""
    return wire_bill(queries.read_bill(reader, bill_id))
