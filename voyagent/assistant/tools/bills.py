"""Tools about bills and what the agency owes: to whom, which bills are open, and the proposals to
enter one and to note its payment.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.billing import postings, queries
from voyagent.billing.capabilities.balances import SHOWN_MAX, OpenBalancesInput, open_balances
from voyagent.billing.schemas import PayBillIn, ReceiveBillIn
from voyagent.capabilities.capability import Invocation, JsonObject
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import BusinessDate, Closed, Text
from voyagent.kernel.money import wire_amount

_FIRST, _LAST = date(1900, 1, 1), date(2200, 12, 31)


class ListPayablesIn(OpenBalancesInput):
    """What narrows the suppliers; a part of a name too."""

    vendor_name: Annotated[str, Text(255)] | None = None

    @property
    def party(self) -> str | None:
        """A part of the supplier's name."""
        return self.vendor_name or None


class FindBillsIn(Closed):
    """Bills that are not paid in full, of one supplier or by the supplier's reference, a part of
    either is enough; or due on days of a range.
    """

    vendor_name: Annotated[str, Text(255)] | None = None
    vendor_reference: Annotated[str, Text(64)] | None = None
    due_from: BusinessDate | None = None
    due_to: BusinessDate | None = None


def payables(call: Invocation, wanted: ListPayablesIn) -> JsonObject:
    """What the agency owes each supplier, by currency, largest first.

    Raises BoundWithoutCurrency, InvalidAmount, UnknownCurrency.
    """
    found = open_balances(call, "payable", wanted)
    return {
        "as_of": found["as_of"],
        "count": found["count"],
        "suppliers": found["parties"],
        "totals": found["totals"],
    }


def find_bills(call: Invocation, wanted: FindBillsIn) -> JsonObject:
    """Open bills, the longest due first."""
    rows = queries.list_open(
        call.reader, "payable", _FIRST, _LAST, today=clock.today(call.actor.timezone)
    )
    name, reference = (
        (said or "").strip().casefold() for said in (wanted.vendor_name, wanted.vendor_reference)
    )
    first, last = wanted.due_from or _FIRST, wanted.due_to or _LAST
    due = (row for row in rows if first <= row["due_date"] <= last)
    fitting = [
        row
        for row in due
        if name in row["party_name"].casefold() and reference in row["reference"].casefold()
    ]
    return {"count": len(fitting), "bills": [_shown(row) for row in fitting[:SHOWN_MAX]]}


def _shown(row: Row) -> JsonObject:
    return {
        "id": str(row["id"]),
        "vendor_name": row["party_name"],
        "vendor_reference": row["reference"],
        "total": {
            "amount": wire_amount(row["total_minor"], row["currency"]),
            "currency": row["currency"],
        },
        "open": {
            "amount": wire_amount(row["open_minor"], row["currency"]),
            "currency": row["currency"],
        },
        "issue_date": row["issue_date"].isoformat(),
        "due_date": row["due_date"].isoformat(),
        "status": row["status"],
    }


_DESK = Desk.ACCOUNTING
_OF_BILL = frozenset(
    {"received", "bill_id", "vendor_reference", "vendor_name", "total_amount", "currency", "status"}
)
_OF_PAYMENT = frozenset(
    {
        "paid",
        "payment_id",
        "bill_id",
        "vendor_reference",
        "party_name",
        "amount",
        "currency",
        "open_amount",
        "status",
    }
)
register(
    Tool(
        "list_payables",
        "List what the agency owes, by supplier and currency.",
        "report.read",
        ListPayablesIn,
        run=payables,
        desk=_DESK,
        gives=frozenset({"as_of", "count", "suppliers", "totals"}),
    )
)
register(
    Tool(
        "find_bills",
        "Find bills that are not paid in full.",
        "billing.read",
        FindBillsIn,
        run=find_bills,
        desk=_DESK,
        gives=frozenset({"count", "bills"}),
    )
)
register(
    Tool(
        "receive_bill",
        "Propose to enter a supplier's bill, which posts it as a cost that is owed.",
        "bill.receive",
        ReceiveBillIn,
        summarise=what_is_asked(postings.RECEIVE),
        desk=_DESK,
        writes=True,
        gives=_OF_BILL,
    )
)
register(
    Tool(
        "pay_bill",
        "Propose to record that a bill or a part of it was paid.",
        "payment.record",
        PayBillIn,
        summarise=what_is_asked(postings.PAY),
        desk=_DESK,
        writes=True,
        gives=_OF_PAYMENT,
    )
)
