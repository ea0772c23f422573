"""The shape of an agency's settings on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from voyagent.kernel.fields import Answer, Closed, Text, storable
from voyagent.kernel.money import InvalidAmount, Money, is_currency
from voyagent.settings.service import SettingsChanges

MODELS = ("claude-sonnet-4-5", "claude-opus-4-6", "claude-haiku-4-5-20251001")
OVERRIDES = ("built-in", "claude-sonnet-5", "claude-opus-5")
"""What may stand before `model`, whose names the API contract fixes: the built-in planner whatever
the operator has set up, and newer models.
"""
SUFFIX_MAX, ZONE_MAX, PAPER_MAX = 10_000, 64, 500
PER_MINUTE_MAX, PER_HOUR_MAX = 10_000, 1_000_000
_BIGINT_MAX = 2**63 - 1


class Limit(Closed):
    """The most that a role may grant, in one currency; an amount in another counts as above it."""

    amount: Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$")]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

    @model_validator(mode="after")
    def _is_money(self) -> Self:
        if not is_currency(self.currency):
            raise PydanticCustomError(
                "currency_unknown", "Currency must be a code of ISO 4217, such as INR"
            )
        try:
            Money.parse(self.amount, self.currency)
        except InvalidAmount:
            raise PydanticCustomError(
                "invalid_amount", "Amount has more places than the currency"
            ) from None
        return self


class ApprovalLimits(Answer):
    """How much each role may grant; null is without a limit."""

    agency_admin: Limit | None
    ticketing_lead: Limit | None
    accounting_lead: Limit | None
    agent: Limit | None


class TenantSettingsResponse(Answer):
    """What an agency has chosen; null is "not set"."""

    tenant_id: UUID
    model: str | None
    model_override: str | None
    system_prompt_suffix: str | None
    rate_limit_per_minute: int
    rate_limit_per_hour: int
    daily_token_budget: int | None
    locale: str
    timezone: str
    default_currency: str
    four_eyes: bool
    financial_year_start_month: int
    approval_limits: ApprovalLimits
    address: str | None
    tax_number: str | None
    bank_details: str | None
    round_invoices: bool


class LogoRequest(Closed):
    """A picture in PNG or JPEG, its bytes in Base64 (RFC 4648, section 4)."""

    content: Annotated[str, Field(min_length=1, json_schema_extra={"contentEncoding": "base64"})]


class LogoFile(Closed):
    """A picture as a form brings it."""

    logo: Annotated[bytes, Field(min_length=1)]


class LogoResponse(Answer):
    """The agency's logo as it stands on documents: its kind, its size in pixels, the SHA-256 of its
    bytes, and these in Base64.
    """

    media_type: Literal["image/png", "image/jpeg"]
    width: int
    height: int
    digest: str
    content: str


def _without_defaults(schema: dict[str, Any]) -> None:
    """An absent member keeps what stands, so the document shows no default."""
    for member in schema["properties"].values():
        member.pop("default", None)


class TenantSettingsPatchRequest(Closed):
    """What changes: an absent member stays.

    Null clears the model, the suffix, the budget, a role's limit and what stands on paper; the
    others cannot be null. `address`, `tax_number` and `bank_details` stand on invoices; a
    `tax_number` that is written like a GSTIN must be one. With `round_invoices` the total of an
    invoice that is drawn up from then on is the nearest whole unit of its currency.

    `model_override` counts before `model`: `built-in` is the built-in planner alone, whatever the
    operator has set up, the others are newer models. Whoever names `model` without it takes it
    away, so what was chosen last counts. With both null the operator's model answers.
    """

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    model: Literal["claude-sonnet-4-5", "claude-opus-4-6", "claude-haiku-4-5-20251001"] | None = (
        None
    )
    model_override: Literal["built-in", "claude-sonnet-5", "claude-opus-5"] | None = None
    system_prompt_suffix: Annotated[str, Text(SUFFIX_MAX)] | None = None
    rate_limit_per_minute: Annotated[int, Field(ge=1, le=PER_MINUTE_MAX)] = 60
    rate_limit_per_hour: Annotated[int, Field(ge=1, le=PER_HOUR_MAX)] = 1000
    daily_token_budget: Annotated[int, Field(ge=1, le=_BIGINT_MAX)] | None = None
    locale: Literal["en", "hi"] = "en"
    timezone: Annotated[str, StringConstraints(max_length=ZONE_MAX), AfterValidator(storable)] = (
        "UTC"
    )
    default_currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] = "INR"
    four_eyes: bool = True
    financial_year_start_month: Annotated[int, Field(ge=1, le=12)] = 4
    approval_limits: dict[
        Literal["agency_admin", "ticketing_lead", "accounting_lead", "agent"], Limit | None
    ] = Field(default={})
    address: Annotated[str, Text(PAPER_MAX)] | None = None
    tax_number: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, to_upper=True, max_length=32),
            AfterValidator(storable),
        ]
        | None
    ) = None
    bank_details: Annotated[str, Text(PAPER_MAX)] | None = None
    round_invoices: bool = False

    def changes(self) -> SettingsChanges:
        """What was sent, nulls included."""
        return cast("SettingsChanges", self.model_dump(exclude_unset=True))
