"""Capability `list_receivables`: list the amounts that customers owe the agency."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext, ngettext
from pydantic import Field

from voyagent.billing.ageing.capabilities.balances import (
    BALANCE_COLUMNS,
    OpenBalancesInput,
    balance_list,
    balance_records,
    no_balances,
    open_balances,
)
from voyagent.capabilities.capability import Capability, Card, Invocation, Slot
from voyagent.capabilities.cards import count_note, day
from voyagent.capabilities.results import Column, Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Text
from voyagent.kernel.json_values import JsonObject


class ListReceivablesInput(OpenBalancesInput):
    """Filters of the list of receivables."""

    customer_name: Annotated[Annotated[str, Text(255)] | None, Slot("party")] = Field(
        default=None, description="The customer's name, or a part of it."
    )

    @property
    def party(self) -> str | None:
        """The text that the customer's name must contain, or None for every customer."""
        return self.customer_name or None


def run(call: Invocation, inputs: ListReceivablesInput) -> JsonObject:
    """Return the open balance of each customer. Raises the errors of `open_balances`."""
    return open_balances(call, "receivable", inputs)


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Return the sentence that says what was looked up."""
    name = given.get("customer_name")
    if not name:
        return str(gettext("Looked up receivables"))
    return str(gettext("Looked up the balance of %(name)s", name=name))


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: customers with their balances, and the totals."""
    if output["customers"]:
        heading = ngettext(
            "One customer owes, as of %(day)s",
            "%(num)d customers owe, as of %(day)s",
            output["count"],
            day=day(output["as_of"]),
        )
        return balance_list(str(heading), given, output["customers"], output)
    name = given.get("customer_name")
    if not name:
        return no_balances(given)
    return str(
        gettext("No amount due from %(name)s was found. Check the spelling of the name.", name=name)
    )


CAPABILITY = Capability(
    name="list_receivables",
    title=N_("Receivables"),
    summary="List what customers owe, by customer and currency.",
    area="accounting",
    input=ListReceivablesInput,
    output=frozenset({"as_of", "count", "customers", "totals"}),
    permission="report.read",
    approval="never",
    run=run,
    card=Card(
        icon="graph-up",
        sentence=sentence,
        note=count_note,
        fills=("customer_name",),
        answer=answer,
        records=lambda output: balance_records(output["customers"]),
        results=(
            Result(
                title=N_("Receivables"),
                rows="customers",
                columns=(
                    Column(label=N_("Customer"), value="name", search="/invoices"),
                    *BALANCE_COLUMNS,
                ),
            ),
        ),
    ),
    audit=N_("Assistant: list the receivables"),
    follow_ups=("record_receipt", "find_invoices"),
    examples={
        "en": (
            "who owes us money",
            "show outstanding",
            "how much does Deepa Krishnan owe",
            "list of pending payments from customers",
            "customers who owe more than 1 lakh",
            "debtors list please",
            "who has not paid for more than 30 days",
            "overdue customers",
            "receivables as of 31 March",
            "is anything still pending from Al Noor Trading?",
            "total receivable in dirhams",
            "need the ageing of customers before the owner's meeting",
            "whose balance is due, at least 50,000",
            "who has to pay us",
            "how much money is stuck with customers",
            "outstanding of Zenith Pharma",
            "customer dues above 1 lakh",
            "which clients have not cleared payment for over 60 days",
            "debtors list as of 31 March",
            "pending collection list pls",
            "total amount receivable today",
            "how much is due from the Desai group",
            "send me debtor ageing",
            "what does Neha Kapoor still have to pay",
            "how much does Imran owe us now",
            "what is Sneha's balance",
            "balance of customer Kiran Desai",
            "does Mr Bhatia owe anything",
        ),
        "hi": (
            "kis kis ka paisa aana baaki hai",
            "Deepa ka kitna baaki hai",
            "sabka outstanding dikhao",
            "30 din se zyada kiska payment pending hai",
            "1 lakh se upar kaun kaun dena baaki hai",
            "Al Noor se kitna lena hai",
            "kis kis se paisa lena hai",
            "Zenith Pharma ka kitna baaki hai",
            "grahak ka bakaya batao",
            "30 din se upar kiska payment pending hai",
            "किस किस से पैसा लेना है",
            "रमेश जी का कितना बाकी है",
            "बकाया सूची दिखाओ",
            "किसने अभी तक पैसे नहीं दिए",
        ),
    },
)
