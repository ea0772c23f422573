"""What came of a tool in a word or two, beside the line that says what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from voyagent.assistant.planner.sentences import day, money
from voyagent.assistant.planner.wording import _, ngettext, state

Facts = dict[str, Any]


def _count(output: Facts) -> str:
    number = output["total"] if "total" in output else output.get("count") or 0
    return ngettext("%(num)d found", "%(num)d found", number)


def _as_of(output: Facts) -> str:
    return day(output["as_of"])


def _sum(output: Facts) -> str:
    """The amount, wherever the tool's answer has it."""
    price = output.get("price") or {
        "amount": output.get("total_amount") or output.get("amount"),
        "currency": output.get("currency"),
    }
    return money(price["amount"], price["currency"]) if price["amount"] else ""


def _people(output: Facts) -> str:
    return ngettext("one person", "%(num)d people", len(output["passengers"]))


def _standing(output: Facts) -> str:
    return state(output["status"])


def _unpaid(_output: Facts) -> str:
    return _("not paid yet")


NOTES: dict[str, Callable[[Facts], str]] = {
    "find_enquiries": _count,
    "list_payables": _count,
    "list_ledger_accounts": _count,
    "find_invoices": _count,
    "find_bills": _count,
    "search_flights": _count,
    "search_hotels": _count,
    "read_account_balance": _as_of,
    "trial_balance": _as_of,
    "draft_invoice": _sum,
    "issue_invoice": _sum,
    "create_invoice": _sum,
    "write_off_invoice": _sum,
    "receive_bill": _sum,
    "pay_bill": _sum,
    "check_hotel_rate": _sum,
    "add_transfer": _sum,
    "show_trip": _people,
    "read_itinerary": _people,
    "read_pnr": _standing,
    "read_hotel_booking": _standing,
    "hold_flight": _unpaid,
}
