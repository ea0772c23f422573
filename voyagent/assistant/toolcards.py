"""How a tool's use is put on the page: a glyph, a line that says what was done, and what came of it in a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from voyagent.assistant.blocks import Block
from voyagent.assistant.planner.sentences import day, status_word
from voyagent.assistant.planner.wording import _, ngettext
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency


class Card(NamedTuple):
    """The head of a tool's card."""

    glyph: str
    line: str
    note: str


def card_of(block: Block) -> Card:
    """The head of the card for a tool that runs or has run."""
    given, output = block.get("input") or {}, block.get("output")
    glyph, say = _CARDS.get(block["tool_name"], ("gear", lambda *_: str(block["tool_name"]).replace("_", " ")))
    line = say(given, output or {})
    if output is None:
        return Card(glyph, line, "")
    if "error" in output:
        return Card(glyph, line, _("not done"))
    note = _NOTES.get(block["tool_name"])
    return Card(glyph, line, note(output) if note else "")


def as_money(amount: Any, currency: Any) -> Money | None:
    """An amount of a tool's output, for the page; None where it is none."""
    try:
        return Money.parse(str(amount), str(currency))
    except (InvalidAmount, UnknownCurrency):
        return None


def _searched(given: dict[str, Any], _output: dict[str, Any]) -> str:
    words = [status_word(str(given.get("status"))), *(str(given[name]) for name in ("q", "customer_email", "origin", "destination") if given.get(name))]
    days = [day(given[name]) for name in ("depart_from", "depart_to", "created_from", "created_to") if given.get(name)]
    told = ", ".join([*filter(None, words), *([" – ".join(days)] if days else [])])
    return _("Searched enquiries: %(words)s", words=told) if told else _("Listed enquiries")


def _summed_up(given: dict[str, Any], output: dict[str, Any]) -> str:
    name = (output.get("enquiry") or {}).get("customer_name") or given.get("customer_name")
    return _("Read the enquiry of %(name)s", name=name) if name else _("Read the enquiry")


def _logged(given: dict[str, Any], _output: dict[str, Any]) -> str:
    return _("Logged the enquiry of %(name)s", name=given.get("customer_name", ""))


def _owed(_given: dict[str, Any], _output: dict[str, Any]) -> str:
    return _("Looked up who owes us")


def _chart(_given: dict[str, Any], _output: dict[str, Any]) -> str:
    return _("Read the chart of accounts")


def _account(_given: dict[str, Any], output: dict[str, Any]) -> str:
    account = output.get("account")
    return _("Read account %(code)s %(name)s", code=account["code"], name=account["name"]) if account else _("Read an account")


def _balance(_given: dict[str, Any], _output: dict[str, Any]) -> str:
    return _("Read the trial balance")


def _drafts(given: dict[str, Any], _output: dict[str, Any]) -> str:
    name = given.get("customer_name")
    return _("Looked for drafts for %(name)s", name=name) if name else _("Looked for drafts")


def _drafted(given: dict[str, Any], output: dict[str, Any]) -> str:
    return _("Draft invoice for %(name)s", name=output.get("customer_name") or given.get("customer_name", ""))


def _issued(_given: dict[str, Any], output: dict[str, Any]) -> str:
    return _("Issued invoice %(number)s", number=output["number"]) if output.get("number") else _("Issue the invoice")


def _count(output: dict[str, Any]) -> str:
    number = output.get("total", output.get("count", 0))
    return ngettext("%(num)d found", "%(num)d found", number)


def _as_of(output: dict[str, Any]) -> str:
    return day(output["as_of"])


_CARDS: dict[str, tuple[str, Callable[[dict[str, Any], dict[str, Any]], str]]] = {
    "find_enquiries": ("search", _searched),
    "summarise_enquiry": ("inbox", _summed_up),
    "create_enquiry": ("plus-circle", _logged),
    "list_receivables": ("graph-up", _owed),
    "list_ledger_accounts": ("journal-text", _chart),
    "read_account_balance": ("journal-text", _account),
    "trial_balance": ("table", _balance),
    "find_invoices": ("search", _drafts),
    "draft_invoice": ("pencil", _drafted),
    "issue_invoice": ("receipt", _issued),
}
_NOTES: dict[str, Callable[[dict[str, Any]], str]] = {
    "find_enquiries": _count,
    "list_receivables": _count,
    "list_ledger_accounts": _count,
    "find_invoices": _count,
    "read_account_balance": _as_of,
    "trial_balance": _as_of,
}
