"""Capability `reconcile_bsp`: compare a BSP statement with the tickets.

BSP is the billing and settlement plan of the airlines.
"""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.billing.core.capabilities.settlement_plan import NoSettlementPlan
from voyagent.capabilities.capability import Capability, Card, Invocation
from voyagent.capabilities.refusals import not_supported
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed, Id
from voyagent.kernel.json_values import JsonObject


class ReconcileBspInput(Closed):
    """The statement to compare and the tickets to compare it with."""

    report_id: Id = Field(description="Id of a fetched statement.")
    ticket_ids: Annotated[list[Id], Field(max_length=500)] | None = Field(
        default=None, description="The tickets; all of the statement's period if absent."
    )


def run(_call: Invocation, _wanted: ReconcileBspInput) -> JsonObject:
    """Return a refusal: the program cannot read BSP statements."""
    return not_supported("reconciled", NoSettlementPlan())


def sentence(_given: JsonObject, _output: JsonObject) -> str:
    """Return the text of the card."""
    return str(gettext("Compared the BSP statement with the tickets"))


CAPABILITY = Capability(
    name="reconcile_bsp",
    title=N_("BSP reconciliation"),
    summary="Compare a BSP statement with the tickets.",
    area="accounting",
    input=ReconcileBspInput,
    output=frozenset({"reconciled", "reason", "detail"}),
    permission="report.read",
    approval="never",
    run=run,
    card=Card(icon="check2-square", sentence=sentence),
    audit=N_("Assistant: reconcile with BSP"),
    follow_ups=("fetch_bsp_statement",),
    examples={
        "en": (
            "reconcile BSP",
            "match the BSP statement with our tickets",
            "check BSP billing against issued tickets",
            "which tickets are missing in the BSP report",
            "BSP reco for November",
            "compare the airline settlement with our sales",
            "do the BSP figures agree with our ticket register",
            "tally BSP with the books",
            "find differences between BSP and our tickets",
            "reconcile the fortnight's BSP pls",
            "are there ADMs or extra tickets in the BSP file",
            "run the bsp recon",
            "match BSP with tickets issued",
            "bsp recon for last period",
            "are all our tickets in the BSP billing",
            "find mismatch in BSP report",
            "compare BSP statement and our bookings",
            "reconcile IATA statement",
            "any debit memo or missing ticket in bsp",
        ),
        "hi": (
            "BSP ka milaan karo",
            "BSP statement tickets se match karo",
            "BSP mein kaun se ticket missing hain",
            "November ka BSP reco kar do",
            "BSP aur hamare ticket mein kya farak hai",
            "BSP tally karke batao",
            "BSP reconcile kar do",
            "BSP mein mismatch dhoondo",
            "hamare ticket BSP se milao",
            "बीएसपी का मिलान करो",
            "बीएसपी में कौन से टिकट नहीं हैं",
            "स्टेटमेंट को टिकटों से मिलाओ",
        ),
    },
)
