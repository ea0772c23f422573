"""Capability `fetch_bsp_statement`: fetch a settlement plan (BSP) statement.

Airlines settle tickets with agencies through the billing and settlement plan.
"""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.billing.core.capabilities.settlement_plan import NoSettlementPlan
from voyagent.capabilities.capability import Capability, Card, Invocation, Slot
from voyagent.capabilities.cards import day
from voyagent.capabilities.refusals import not_supported
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed
from voyagent.kernel.json_values import JsonObject


class FetchBspStatementInput(Closed):
    """The country of a billing and settlement plan, and a period."""

    country: Annotated[
        str, Field(pattern=r"^[A-Z]{2}$"), Slot("country", N_("Which country’s BSP?"))
    ] = Field(description="ISO 3166 code of the country, such as IN.")
    period_start: Annotated[
        BusinessDate, Slot("date", N_("When does the period of the statement start?"))
    ] = Field(description="First day of the period, YYYY-MM-DD.")
    period_end: Annotated[
        BusinessDate, Slot("date", N_("When does the period of the statement end?"))
    ] = Field(description="Last day of the period, YYYY-MM-DD.")


def run(_call: Invocation, _wanted: FetchBspStatementInput) -> JsonObject:
    """Return the result of an unsupported act: no settlement plan is connected."""
    return not_supported("fetched", NoSettlementPlan())


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Return the text of the card, with the period."""
    days = " – ".join(
        day(given[name]) for name in ("period_start", "period_end") if given.get(name)
    )
    if not days:
        return str(gettext("Requested the BSP statement"))
    return str(gettext("Requested the BSP statement, %(days)s", days=days))


CAPABILITY = Capability(
    name="fetch_bsp_statement",
    title=N_("BSP statement"),
    summary="Fetch the statement of the airlines' billing and settlement plan (BSP).",
    area="accounting",
    input=FetchBspStatementInput,
    output=frozenset({"fetched", "reason", "detail"}),
    permission="report.read",
    approval="never",
    run=run,
    card=Card(icon="file-earmark-text", sentence=sentence),
    audit=N_("Assistant: fetch a BSP statement"),
    follow_ups=("reconcile_bsp",),
    examples={
        "en": (
            "fetch the BSP statement",
            "get the BSP report for 1 to 15 November",
            "download BSP billing of the last fortnight",
            "BSP India statement 16-30 Nov",
            "pull the IATA BSP file",
            "what does BSP bill us for this period",
            "airline settlement statement pls",
            "need the BSPlink statement of October",
            "show BSP billing analysis for the week",
            "get BSP UAE statement 1 to 7 Dec",
            "import the settlement plan statement",
            "BSP statement for the current remittance period",
            "download the BSP file for 16 to 31 Oct",
            "BSP statement UAE first half of November",
            "bring in the IATA billing statement",
            "get latest bsp",
            "fetch settlement report for last week",
            "how much is our BSP remittance",
            "show BSP dues for period 1-7 Dec",
        ),
        "hi": (
            "BSP ka statement nikaalo",
            "1 se 15 November ka BSP report do",
            "is fortnight ka BSP bill kitna hai",
            "IATA ka statement laao",
            "BSP India ki file download karo",
            "airline settlement ka statement chahiye",
            "BSP report download karo 16 se 31 October",
            "latest BSP statement nikalo",
            "IATA ki billing file chahiye",
            "बीएसपी का स्टेटमेंट निकालो",
            "1 से 15 नवंबर की बीएसपी रिपोर्ट दो",
            "एयरलाइन सेटलमेंट का स्टेटमेंट चाहिए",
        ),
    },
)
