"""The pages of bills: the list, and one with what was paid on it and what stands in the books."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request

from voyagent.billing import queries
from voyagent.billing.bill_forms import BillList
from voyagent.billing.queries import BillNotFound
from voyagent.billing.steps import shown, with_amounts
from voyagent.billing.views.invoices import pages
from voyagent.http.presentation import today
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.reading import LaneReader, Reader


@pages.page("/bills", permission="billing.read")
def bills(reader: LaneReader) -> Any:
    """The list, newest issue date first."""
    asked = BillList.read(request.args)
    if asked.status == "overdue":
        reader.prove()  # whose today it is must be known before
    found, unread = _listed(reader, asked)
    facts = {"asked": asked, "rows": [shown(row) for row in found.items], "unread": asked.unread_words(*unread)}
    return render_template("bills/list.html", older=found.next_cursor, **facts), 422 if facts["unread"] else 200


@pages.page("/bills/<bill_id>", permission="billing.read", missing=BillNotFound)
def bill(reader: Reader, bill_id: UUID) -> Any:
    """One bill, and beside it what was paid on it and what stands in the books."""
    document = queries.read_bill(reader, bill_id)
    currency = document.bill["currency"]
    return render_template(
        "bills/bill.html",
        bill=shown(document.bill),
        lines=with_amounts(document.lines, currency, "unit_price", "amount"),
        payments=with_amounts(document.payments, currency, "amount"),
        journal=with_amounts(document.journal, currency, "debit", "credit"),
    )


def _listed(reader: Reader, asked: BillList) -> tuple[queries.Listed, tuple[str, ...]]:
    """The page that is asked for, or the first one where its marker is none, and what could not be read."""
    try:
        return queries.list_bills(reader, asked.search(today()), cursor=asked.place()), ()
    except InvalidCursor:
        return queries.list_bills(reader, asked.search(today())), ("cursor",)
