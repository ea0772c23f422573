"""Tools about money: who owes us, drafts, and the two proposals that a person must grant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from voyagent.approvals import effects
from voyagent.assistant.planner.sentences import money
from voyagent.assistant.tools.registry import JsonObject, Scene, Tool, register
from voyagent.billing import effects as billing_effects, queries
from voyagent.billing.schemas import DraftInvoiceIn, IssueInvoiceIn
from voyagent.kernel import clock
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.fields import BusinessDate, Closed, text_field
from voyagent.kernel.money import Money, wire_amount
from voyagent.kernel.reading import Row

SHOWN_MAX = 50
_FIRST, _LAST = date(1900, 1, 1), date(2200, 12, 31)
Amount = Annotated[str, Field(pattern=r"^\d{1,15}(\.\d{1,4})?$")]


class BoundWithoutCurrency(Invalid):
    """A bound of which nobody knows the currency."""

    code = "currency_required"
    message = N_("Say in which currency.")


class ListReceivablesIn(Closed):
    """What narrows the customers: a day, a name, an amount (above or at least, in one currency), or only what is past its day."""

    as_of: BusinessDate | None = None
    customer_name: text_field(255) | None = None  # type: ignore[valid-type]
    more_than: Amount | None = None
    at_least: Amount | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    overdue_only: bool = False


class FindInvoicesIn(Closed):
    """Drafts, of one customer where a name is given."""

    status: Literal["draft"] = "draft"
    customer_name: text_field(255) | None = None  # type: ignore[valid-type]


def receivables(scene: Scene, wanted: ListReceivablesIn) -> JsonObject:
    """What each customer owes, by currency, largest first. Raises BoundWithoutCurrency, InvalidAmount, UnknownCurrency."""
    today = clock.today(scene.actor.timezone)
    rows = queries.parties_by_age(scene.reader, "receivable", _FIRST, _LAST, today=today, as_of=wanted.as_of)
    owed = [party for party in _by_party(rows, overdue_only=wanted.overdue_only) if _is_wanted(party, wanted)]
    owed.sort(key=lambda party: (party["currency"] != scene.actor.currency, party["currency"], -party["minor"], party["name"]))
    sums: dict[str, int] = defaultdict(int)
    for party in owed:
        sums[party["currency"]] += party["minor"]
    return {
        "as_of": (wanted.as_of or today).isoformat(),
        "count": len(owed),
        "customers": [
            {
                "name": party["name"],
                "amount": wire_amount(party["minor"], party["currency"]),
                "overdue": wire_amount(party["overdue_minor"], party["currency"]),
                "currency": party["currency"],
                "invoices": party["n"],
            }
            for party in owed[:SHOWN_MAX]
        ],
        "totals": [{"amount": wire_amount(total, currency), "currency": currency} for currency, total in sums.items()],
    }


def find_drafts(scene: Scene, wanted: FindInvoicesIn) -> JsonObject:
    """Drafts, the newest first; those of exactly the name given, else those whose name holds it."""
    said = " ".join((wanted.customer_name or "").split())
    rows = queries.list_drafts(scene.reader, said or None, SHOWN_MAX)
    if said and not rows:
        rows = [row for row in queries.list_drafts(scene.reader, None, SHOWN_MAX) if said.casefold() in row["party_name"].casefold()]
    return {"count": len(rows), "invoices": [_draft(row) for row in rows]}


def what_is_asked(describe: effects.Describe) -> Callable[[Scene, BaseModel], str]:
    """How a proposal about a document is put in a line; what could not be carried out is refused before anybody is asked."""

    def summarise(scene: Scene, wanted: BaseModel) -> str:
        described = describe(scene.actor, wanted.model_dump(mode="json", exclude_none=True))
        total = described["document"]["total"]
        return f"{described['title']}, {money(total['amount'], total['currency'])}"

    return summarise


def _by_party(rows: list[Row], *, overdue_only: bool) -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        if overdue_only and row["age"] == 0:
            continue
        party = found.setdefault((row["currency"], row["party_key"]), {"minor": 0, "overdue_minor": 0, "n": 0, "currency": row["currency"]})
        party["name"] = row["party_name"]
        party["minor"] += row["open_minor"]
        party["n"] += row["n"]
        party["overdue_minor"] += row["open_minor"] if row["age"] > 0 else 0
    return list(found.values())


def _is_wanted(party: Row, wanted: ListReceivablesIn) -> bool:
    if wanted.customer_name and wanted.customer_name.casefold() not in party["name"].casefold():
        return False
    bound = wanted.more_than or wanted.at_least
    if bound is None:
        return True
    if wanted.currency is None:
        raise BoundWithoutCurrency
    limit = Money.parse(bound, wanted.currency).amount_minor
    return party["currency"] == wanted.currency and bool(party["minor"] > limit or (wanted.more_than is None and party["minor"] == limit))


def _draft(row: Row) -> JsonObject:
    return {
        "id": str(row["id"]),
        "customer_name": row["party_name"],
        "total": {"amount": wire_amount(row["total_minor"], row["currency"]), "currency": row["currency"]},
        "issue_date": row["issue_date"].isoformat(),
        "due_date": row["due_date"].isoformat(),
        "status": row["status"],
    }


register(Tool("list_receivables", "List what customers owe, by customer and currency.", "report.read", ListReceivablesIn, run=receivables))
register(Tool("find_invoices", "Find drafts of invoices.", "billing.read", FindInvoicesIn, run=find_drafts))
register(Tool("draft_invoice", "Propose a draft invoice.", "invoice.draft", DraftInvoiceIn, summarise=what_is_asked(billing_effects.describe_draft)))
register(
    Tool(
        "issue_invoice",
        "Propose to issue a draft: number and posting.",
        "invoice.issue",
        IssueInvoiceIn,
        summarise=what_is_asked(billing_effects.describe_issue),
    )
)
