"""Checks before a month is closed: drafts, pending proposals and missing numbers."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l, ngettext

from voyagent.approvals import queries as approvals
from voyagent.billing.core.queries import closing as closing_queries
from voyagent.capabilities import registry
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.ledger.queries.closing_checks import Check, register_checks

WAITING_MAX = 500
_MISSING: dict[str, Any] = {
    "invoice": _l("Invoice numbers are missing in %(year)s."),
    "bill_of_supply": _l("Numbers of bills of supply are missing in %(year)s."),
    "debit_note": _l("Numbers of debit notes are missing in %(year)s."),
    "opening": _l("Numbers of imported invoices are missing in %(year)s."),
    "credit_note": _l("Numbers of credit notes are missing in %(year)s."),
    "receipt": _l("Numbers of receipts are missing in %(year)s."),
    "payment": _l("Numbers of payments are missing in %(year)s."),
    "advance": _l("Numbers of imported advances are missing in %(year)s."),
    "customer_credit": _l("Numbers of customer credits are missing in %(year)s."),
    "refund": _l("Numbers of refunds are missing in %(year)s."),
    "receipt_voucher": _l("Numbers of receipt vouchers are missing in %(year)s."),
    "refund_voucher": _l("Numbers of refund vouchers are missing in %(year)s."),
    "supplier_claim": _l("Numbers of claims on suppliers are missing in %(year)s."),
}
"""Sentences about missing numbers of each series; the month's financial year is checked."""


@register_checks
def check_documents(reader: Reader, first: date, last: date) -> list[Check]:
    """Return the checks of a month: drafts, pending proposals and missing numbers.

    A proposal is counted only if its act would post into the month.
    """
    drafts, waiting, gaps = reader.read(
        closing_queries.drafts_statement(first, last),
        approvals.waiting_statement(WAITING_MAX),
        closing_queries.gaps_statement(first, last),
    )
    dated = {str(row["id"]) for row in drafts}
    pending = sum(_would_post(row, first, last, dated) for row in waiting)
    return [
        *(
            _drafted(drafts, first, last)
            or [Check(ok=True, text=_("No drafts dated in this month."))]
        ),
        Check(
            not pending,
            (
                ngettext(
                    "%(num)d pending request would post to this month.",
                    "%(num)d pending requests would post to this month.",
                    pending,
                )
                if pending
                else _("No pending request would post to this month.")
            ),
            url_for("approvals.index") if pending else "",
        ),
        *(
            Check(ok=False, text=str(_MISSING[gap["series"]]) % {"year": gap["financial_year"]})
            for gap in gaps
        ),
        *(
            []
            if gaps
            else [
                Check(
                    ok=True,
                    text=_(
                        "Numbers of invoices, credit notes, receipts, payments and refunds have"
                        " no gaps."
                    ),
                )
            ]
        ),
    ]


def _drafted(drafts: list[Row], first: date, last: date) -> list[Check]:
    """Return failed checks about the draft invoices and the draft bills of a month.

    A check about invoices is returned only if there are draft invoices, and a check about bills
    only if there are draft bills.
    """
    bills = sum(row["is_bill"] for row in drafts)
    invoices = len(drafts) - bills
    days: dict[str, Any] = {"from": first.isoformat(), "to": last.isoformat()}
    of_invoices = ngettext(
        "%(num)d draft invoice is dated in this month.",
        "%(num)d draft invoices are dated in this month.",
        invoices,
    )
    of_bills = ngettext(
        "%(num)d draft bill is dated in this month.",
        "%(num)d draft bills are dated in this month.",
        bills,
    )
    found = ((invoices, of_invoices, "billing.invoices"), (bills, of_bills, "billing.bills"))
    return [
        Check(ok=False, text=text, address=url_for(listed, status="draft", **days))
        for count, text, listed in found
        if count
    ]


def _would_post(row: Row, first: date, last: date, drafts: set[str]) -> bool:
    capability = registry.find(row["tool_name"])
    if capability is None:
        return False
    value: Any = row["payload"]
    for name in capability.book_date.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return isinstance(value, str) and (
        value in drafts or first.isoformat() <= value <= last.isoformat()
    )
