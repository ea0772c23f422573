"""Request and response bodies of the policies of recognition."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from voyagent.billing.core.service.pricing import REASON_MAX
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import BusinessDate, Closed, Instant, Trimmed
from voyagent.kernel.serializers import AnswerOf

AppliesTo = Literal["principal", "agent"]
Method = Literal["at_start", "at_completion", "by_day", "at_booking", "at_service"]


class RecognitionPolicyIn(Closed):
    """A method of recognition for documents issued from a day on.

    For `principal`, sales in the agency's own name and their cost, it is `at_start`,
    `at_completion` or `by_day` of the service. For `agent`, the commission on sales as agent, it is
    `at_booking` or `at_service`. `valid_from` is today or later, by default today.
    """

    applies_to: AppliesTo
    method: Method
    reason: Annotated[str, Trimmed(REASON_MAX)]
    valid_from: BusinessDate | None = None


class RecognitionPolicyOut(AnswerOf[Row]):
    """A method of recognition for documents issued from a day on, with its reason."""

    id: UUID
    applies_to: AppliesTo
    method: Method
    valid_from: date
    reason: str
    created_by: str | None
    created_at: Instant


class RecognitionPoliciesOut(AnswerOf[Row]):
    """The methods for documents of today, and all policies, the last one first."""

    principal: Method
    agent: Method
    items: list[RecognitionPolicyOut]
