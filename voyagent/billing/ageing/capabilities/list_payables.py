"""Capability `list_payables`: list the amounts that the agency owes its suppliers."""

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


class ListPayablesInput(OpenBalancesInput):
    """Filters of the list of payables."""

    vendor_name: Annotated[Annotated[str, Text(255)] | None, Slot("supplier")] = Field(
        default=None, description="The supplier's name, or a part of it."
    )

    @property
    def party(self) -> str | None:
        """The text that the supplier's name must contain, or None for every supplier."""
        return self.vendor_name or None


def run(call: Invocation, inputs: ListPayablesInput) -> JsonObject:
    """Return the open balance of each supplier. Raises the errors of `open_balances`."""
    return open_balances(call, "payable", inputs)


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Return the sentence that says what was looked up."""
    name = given.get("vendor_name")
    if not name:
        return str(gettext("Looked up payables"))
    return str(gettext("Looked up payables to %(name)s", name=name))


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: suppliers with their balances, and the totals."""
    if output["suppliers"]:
        heading = ngettext(
            "We owe one supplier, as of %(day)s",
            "We owe %(num)d suppliers, as of %(day)s",
            output["count"],
            day=day(output["as_of"]),
        )
        return balance_list(str(heading), given, output["suppliers"], output)
    name = given.get("vendor_name")
    if not name:
        return no_balances(given)
    return str(
        gettext("No amount due to %(name)s was found. Check the spelling of the name.", name=name)
    )


CAPABILITY = Capability(
    name="list_payables",
    title=N_("Payables"),
    summary="List what the agency owes, by supplier and currency.",
    area="accounting",
    input=ListPayablesInput,
    output=frozenset({"as_of", "count", "suppliers", "totals"}),
    permission="report.read",
    approval="never",
    run=run,
    card=Card(
        icon="graph-down",
        sentence=sentence,
        note=count_note,
        fills=("vendor_name",),
        answer=answer,
        records=lambda output: balance_records(output["suppliers"]),
        results=(
            Result(
                title=N_("Payables"),
                rows="suppliers",
                columns=(Column(label=N_("Supplier"), value="name"), *BALANCE_COLUMNS),
            ),
        ),
    ),
    audit=N_("Assistant: list the payables"),
    follow_ups=("pay_bill", "find_bills"),
    examples={
        "en": (
            "what do we owe our suppliers",
            "creditors list",
            "how much do we have to pay Riya Holidays",
            "total payable as of today",
            "which vendors are overdue",
            "suppliers we owe more than 2 lakh",
            "payables at the end of November",
            "outstanding to hotels and consolidators pls",
            "do we still have to pay Akbar Travels anything?",
            "how much is due to Sky Consolidators in USD",
            "list supplier dues older than 15 days",
            "need the payables for the bank meeting",
            "our dues to vendors, at least 50k",
            "how much do we owe vendors",
            "supplier outstanding list",
            "which suppliers are to be paid",
            "total dues to Sky Consolidators",
            "creditor ageing as of today",
            "amount payable to DMC Bali",
            "vendors we have not paid for 30 days",
            "our liabilities to hotels",
            "what is pending to pay Blue Star Tours",
            "whom should we pay this week and how much",
        ),
        "hi": (
            "hume kis kis ko paisa dena hai",
            "supplier ka kitna dena baaki hai",
            "Riya Holidays ko kitna dena hai",
            "creditors ki list dikhao",
            "kaun se vendor ka payment late ho gaya",
            "15 din se purana kis supplier ka bakaya hai",
            "vendor ko kitna dena hai",
            "Blue Star Tours ka kitna dena baaki hai",
            "kis supplier ka payment pending hai",
            "kul kitna dena hai batao",
            "हमें किस किस को पैसा देना है",
            "सप्लायर का कितना देना बाकी है",
            "होटल वालों का कितना बकाया देना है",
            "किस वेंडर का पेमेंट बाकी है",
        ),
    },
)
