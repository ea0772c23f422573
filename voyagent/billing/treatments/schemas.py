"""Request and response bodies of the tax treatments API."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from voyagent.billing.core.models.tax_confirmations import COMPARED_WITH_MAX
from voyagent.billing.core.queries.tax_confirmations import Standing, State
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Closed, Instant, Trimmed
from voyagent.kernel.serializers import AnswerOf, Computed


class ConfirmTreatmentIn(Closed):
    """The confirmation that the rates of a tax treatment are those of the law.

    `rates_hash` is that of the rates that were compared, as `GET /tax-treatments` returns it.
    `compared_with` names the text of the law, such as a notification and its entry.
    """

    treatment: Annotated[str, StringConstraints(pattern="^[a-z0-9_]{1,40}$")]
    rates_hash: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    compared_with: Annotated[str, Trimmed(COMPARED_WITH_MAX)]


def _filled(name: str) -> Computed:
    """Return the text of a rate with this name, or null for an empty one."""
    return Computed(lambda rate: rate[name] or None)


class TaxRateOut(AnswerOf[Row]):
    """The rate of one tax component, on the days from `valid_from` to `valid_to`.

    The tax is `percent` percent of `share` percent of the base. `valid_to` is null if no last day
    is known. The rate is for a value of one unit above `unit_above` and up to `unit_up_to`; null is
    no limit.
    """

    component: str
    supply: str
    percent: str
    share: str
    unit_above: Annotated[str | None, _filled("unit_above")]
    unit_up_to: Annotated[str | None, _filled("unit_up_to")]
    valid_from: date
    valid_to: Annotated[date | None, _filled("valid_to")]
    source: str


class TreatmentOut(AnswerOf[Standing]):
    """A tax treatment with its rates on all days, and its last confirmation.

    `state` is `confirmed`, `changed` (a release has changed the rates since they were confirmed),
    `in_use` (never confirmed, but issued invoices have it) or `unconfirmed`. `confirmed_at`,
    `confirmed_by` and `compared_with` are null without a confirmation.
    """

    treatment: str
    state: State
    rates_hash: str
    rates: list[TaxRateOut]
    compared_with: str | None
    confirmed_by: str | None
    confirmed_at: Instant | None


class TreatmentsOut(AnswerOf[Row]):
    """The tax treatments of the agency's country; none without a tax number."""

    items: list[TreatmentOut]
