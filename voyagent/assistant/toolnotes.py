"""What came of a tool in a word or two, beside the line that says what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from voyagent.assistant.planner.wording import _, ngettext, state
from voyagent.capabilities.cards import count_note, day, sum_note

Facts = dict[str, Any]


def _as_of(output: Facts) -> str:
    return day(output["as_of"])


def _people(output: Facts) -> str:
    return ngettext("one person", "%(num)d people", len(output["passengers"]))


def _standing(output: Facts) -> str:
    return state(output["status"])


def _unpaid(_output: Facts) -> str:
    return _("not paid yet")


NOTES: dict[str, Callable[[Facts], str]] = {
    "find_enquiries": count_note,
    "list_payables": count_note,
    "list_ledger_accounts": count_note,
    "find_invoices": count_note,
    "find_bills": count_note,
    "search_hotels": count_note,
    "read_account_balance": _as_of,
    "trial_balance": _as_of,
    "draft_invoice": sum_note,
    "issue_invoice": sum_note,
    "create_invoice": sum_note,
    "write_off_invoice": sum_note,
    "receive_bill": sum_note,
    "pay_bill": sum_note,
    "check_hotel_rate": sum_note,
    "add_transfer": sum_note,
    "show_trip": _people,
    "read_itinerary": _people,
    "read_hotel_booking": _standing,
}
