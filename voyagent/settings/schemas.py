"""The shape of an agency's settings on the wire."""

from __future__ import annotations

from uuid import UUID

from voyagent.kernel.fields import Answer


class TenantSettingsResponse(Answer):
    """What an agency has chosen; null is "not set"."""

    tenant_id: UUID
    model: str | None
    system_prompt_suffix: str | None
    rate_limit_per_minute: int
    rate_limit_per_hour: int
    daily_token_budget: int | None
    locale: str
    timezone: str
    default_currency: str
    four_eyes: bool
    financial_year_start_month: int
