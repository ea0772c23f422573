"""The pages of invoices: the list, and one as the sheet of paper that it is, with what stands in the books."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import make_response, render_template, request

from voyagent.billing import queries
from voyagent.billing.forms import InvoiceList
from voyagent.billing.models import OPEN_INVOICE
from voyagent.billing.queries import InvoiceNotFound
from voyagent.billing.schemas import PAGE_SIZE
from voyagent.http.guards import Guard
from voyagent.http.htmx import is_htmx
from voyagent.http.pages import PageBlueprint
from voyagent.http.presentation import today
from voyagent.kernel.money import Money
from voyagent.kernel.reading import LaneReader, Reader, Row

pages = PageBlueprint("billing", __name__, guard=Guard.SIGNED_IN)


@pages.page("/invoices", permission="billing.read")
def invoices(reader: LaneReader) -> Any:
    """The list, whole or as the fragment that a search changes."""
    asked = InvoiceList.read(request.args)
    if asked.status == "overdue":
        reader.prove()  # whose today it is must be known before
    board = queries.read_board(reader, asked.search(today()), limit=PAGE_SIZE, offset=asked.offset)
    facts = {"asked": asked, "board": board, "rows": [_shown(row) for row in board.page.items], "numbers": board.numbers(today())}
    if not is_htmx():
        return render_template("billing/list.html", **facts), 422 if asked.unread else 200
    answer = make_response(render_template("billing/_list.html", swap_oob=True, **facts))
    answer.headers["HX-Push-Url"] = asked.address(page=asked.page)
    return answer


@pages.page("/invoices/<invoice_id>", permission="billing.read", missing=InvoiceNotFound)
def invoice(reader: Reader, invoice_id: UUID) -> Any:
    """One invoice as a document, and beside it what was paid and what stands in the books."""
    document = queries.read_document(reader, invoice_id)
    currency = document.invoice["currency"]
    return render_template(
        "billing/invoice.html",
        invoice=_shown(document.invoice),
        lines=_with_amounts(document.lines, currency, "unit_price", "amount"),
        payments=_with_amounts(document.payments, currency, "amount"),
        journal=_with_amounts(document.journal, currency, "debit", "credit"),
    )


def _shown(row: Row) -> Row:
    """An invoice with its amounts as amounts, and the state as the page says it: what is open and past its day is overdue."""
    currency = row["currency"]
    days_past_due = (today() - row["due_date"]).days
    is_overdue = row["status"] in OPEN_INVOICE and days_past_due > 0
    return row | {
        "total": Money(row["total_minor"], currency),
        "paid": Money(row["paid_minor"], currency),
        "open": Money(row["total_minor"] - row["paid_minor"] if row["status"] in OPEN_INVOICE else 0, currency),
        "paid_percent": 100 * row["paid_minor"] // row["total_minor"],
        "days_past_due": days_past_due,
        "is_overdue": is_overdue,
        "look": "overdue" if is_overdue else "partly_paid" if row["status"] == "partially_paid" else row["status"],
    }


def _with_amounts(rows: list[Row], currency: str, *names: str) -> list[Row]:
    return [row | {name: Money(row[f"{name}_minor"], currency) for name in names} for row in rows]
