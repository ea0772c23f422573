"""Code that the lists of receivables and payables share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from flask_babel import gettext, ngettext
from pydantic import Field

from voyagent.billing.ageing.queries import open_items
from voyagent.billing.core.capabilities.payments import FIRST_DAY, LAST_DAY, SHOWN_MAX
from voyagent.billing.core.queries import open_list
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.capabilities import cards
from voyagent.capabilities.capability import Choice, Invocation, Slot
from voyagent.capabilities.cards import money
from voyagent.capabilities.results import Column
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.fields import BusinessDate, Closed, PlainAmount
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken, wire_amount

BALANCE_COLUMNS = (
    Column(label=N_("Amount due"), value="amount", kind="money"),
    Column(label=N_("Overdue"), value="overdue", kind="money"),
)


class BoundWithoutCurrency(Invalid):
    """The filter `more_than` or `at_least` is given without a currency."""

    code = "currency_required"
    message = N_("Specify the currency.")


class OpenBalancesInput(Closed):
    """Filters of a list of open balances; a balance must match all of them."""

    as_of: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Balances at the end of this day, YYYY-MM-DD; today if absent."
    )
    issued_from: BusinessDate | None = Field(
        default=None, description="Only documents issued on or after this day, YYYY-MM-DD."
    )
    issued_to: BusinessDate | None = Field(
        default=None, description="Only documents issued on or before this day, YYYY-MM-DD."
    )
    more_than: Annotated[PlainAmount | None, Slot("amount_above")] = Field(
        default=None, description="Only balances above this amount; needs `currency`."
    )
    at_least: Annotated[PlainAmount | None, Slot("amount_from")] = Field(
        default=None, description="Only balances of this amount or more; needs `currency`."
    )
    currency: Annotated[Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None, Slot("currency")] = (
        Field(default=None, description="Only balances in this currency, ISO 4217.")
    )
    overdue_only: Annotated[bool, Slot("flag")] = Field(
        default=False, description="True to count only documents after their due date."
    )
    overdue_days: Annotated[Annotated[int, Field(ge=1, le=3650)] | None, Slot("days_overdue")] = (
        Field(
            default=None, description="Only documents at least this many days after their due date."
        )
    )

    @property
    def party(self) -> str | None:
        """The text that the party's name must contain, or None for every party."""
        return None


def open_balances(call: Invocation, kind: Kind, inputs: OpenBalancesInput) -> JsonObject:
    """Return the matching open balances by party and currency.

    Those in the agency's currency come first.

    The balances are in the list `customers` or `suppliers`. `totals` has the sum of the balances in
    each currency.

    Raises BoundWithoutCurrency, InvalidAmount, UnknownCurrency.
    """
    today = clock.today(call.actor.timezone)
    owed = [
        party
        for party in _by_party(_rows(call, kind, inputs), overdue_only=inputs.overdue_only)
        if _is_wanted(party, inputs)
    ]
    owed.sort(
        key=lambda party: (
            party["currency"] != call.actor.currency,
            party["currency"],
            -party["minor"],
            party["name"],
        )
    )
    sums: dict[str, int] = defaultdict(int)
    for party in owed:
        sums[party["currency"]] += party["minor"]
    return {
        "as_of": (inputs.as_of or today).isoformat(),
        "count": len(owed),
        "customers" if kind == "receivable" else "suppliers": [
            {
                "name": party["name"],
                "amount": wire_amount(party["minor"], party["currency"]),
                "overdue": wire_amount(party["overdue_minor"], party["currency"]),
                "currency": party["currency"],
                "invoices" if kind == "receivable" else "bills": party["n"],
            }
            for party in owed[:SHOWN_MAX]
        ],
        "totals": [
            {"amount": wire_amount(total, currency), "currency": currency}
            for currency, total in sums.items()
        ],
    }


def balance_list(
    heading: str, given: JsonObject, balances: Sequence[JsonObject], output: JsonObject
) -> str:
    """Return a list of open balances as text, with one line of text for each party.

    A colon is added to `heading`. `given` has the input fields of the capability.
    """
    scope = _scope(given)
    lead = f"{heading} ({scope}):" if scope else f"{heading}:"
    listed = cards.listing(lead, map(balance_row, balances), output["count"])
    total = cards.total_due(output["totals"]) if len(balances) > 1 else ""
    return cards.paragraphs(listed, total)


def balance_row(party: JsonObject) -> str:
    """Return a party's name, its balance, and the part of the balance that is overdue."""
    owed = f"{party['name']}, {money(party)}"
    overdue = {"amount": party["overdue"], "currency": party["currency"]}
    if not Decimal(party["overdue"]):
        return owed
    if party["overdue"] == party["amount"]:
        return f"{owed} ({gettext('overdue')})"
    return f"{owed} ({gettext('%(amount)s overdue', amount=money(overdue))})"


def balance_records(balances: Sequence[JsonObject]) -> Sequence[Choice]:
    """Return the listed parties as choices, so that a later message can refer to one.

    The id of a choice is the party's name.
    """
    return tuple(
        Choice(
            party["name"],
            party["name"],
            amount=Money.parse(party["amount"], party["currency"]),
        )
        for party in balances[: cards.SHOWN_MAX]
    )


def no_balances(given: JsonObject) -> str:
    """Return the sentence for an empty list; `given` has the filters."""
    currency = given.get("currency") or ""
    if given.get("more_than"):
        bound = spoken(given["more_than"], currency)
        return str(gettext("No balance is above %(bound)s.", bound=bound))
    if given.get("at_least"):
        bound = spoken(given["at_least"], currency)
        return str(gettext("No balance reaches %(bound)s.", bound=bound))
    if given.get("overdue_days"):
        return str(
            ngettext(
                "Nothing is overdue by a day or more.",
                "Nothing is overdue by %(num)d days or more.",
                given["overdue_days"],
            )
        )
    if given.get("overdue_only"):
        return str(gettext("Nothing is overdue."))
    if currency:
        return str(gettext("No amount is due in %(currency)s.", currency=currency))
    return str(gettext("No amount is due."))


def _scope(given: JsonObject) -> str:
    if given.get("overdue_days"):
        return str(
            ngettext(
                "overdue by a day or more",
                "overdue by %(num)d days or more",
                given["overdue_days"],
            )
        )
    return str(gettext("overdue only")) if given.get("overdue_only") else ""


def _rows(call: Invocation, kind: Kind, inputs: OpenBalancesInput) -> list[Row]:
    today = clock.today(call.actor.timezone)
    first, last = inputs.issued_from or FIRST_DAY, inputs.issued_to or LAST_DAY
    if inputs.overdue_days is None:
        return open_items.parties_by_age(
            call.reader, kind, first, last, today=today, as_of=inputs.as_of
        )
    until = (inputs.as_of or today) - timedelta(days=inputs.overdue_days)
    documents = open_list.list_open(call.reader, kind, first, last, today=today, as_of=inputs.as_of)
    return [{**row, "n": 1} for row in documents if row["due_date"] <= until]


def _by_party(rows: list[Row], *, overdue_only: bool) -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        if overdue_only and row["age"] == 0:
            continue
        party = found.setdefault(
            (row["currency"], row["party_key"]),
            {"minor": 0, "overdue_minor": 0, "n": 0, "currency": row["currency"]},
        )
        party["name"] = row["party_name"]
        party["minor"] += row["open_minor"]
        party["n"] += row["n"]
        party["overdue_minor"] += row["open_minor"] if row["age"] > 0 else 0
    return list(found.values())


def _is_wanted(party: Row, inputs: OpenBalancesInput) -> bool:
    if inputs.party and inputs.party.casefold() not in party["name"].casefold():
        return False
    bound = inputs.more_than or inputs.at_least
    if bound is None:
        return inputs.currency in (None, party["currency"])
    if inputs.currency is None:
        raise BoundWithoutCurrency
    limit = Money.parse(bound, inputs.currency).amount_minor
    return party["currency"] == inputs.currency and bool(
        party["minor"] > limit or (inputs.more_than is None and party["minor"] == limit)
    )
