"""Request and response bodies of the settings API."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Answer,
    Closed,
    Lines,
    Text,
    storable,
)
from voyagent.kernel.money import InvalidAmount, Money, is_currency
from voyagent.kernel.serializers import AnswerOf, Computed
from voyagent.settings.service.tenant_settings import SettingsChanges

OVERRIDES = ("built-in", "claude-sonnet-5", "claude-opus-5")
"""Values of `model_override`: the built-in planner, and newer models.

The API contract fixes the names that `model` accepts, so a newer model is chosen with another
member.
"""
SUFFIX_MAX, ZONE_MAX, PAPER_MAX = 10_000, 64, 500
PER_MINUTE_MAX, PER_HOUR_MAX = 10_000, 1_000_000
RATE_AGE_MAX_DAYS = 366
_BIGINT_MAX = 2**63 - 1
_PERCENT = r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$"


def _two_decimals(percent: str) -> str:
    return f"{Decimal(percent):.2f}"


class Limit(Closed):
    """The highest amount that a role may approve, in one currency.

    An amount in another currency counts as above the limit.
    """

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
                "invalid_amount", "Amount has more decimals than the currency allows"
            ) from None
        return self


class ApprovalLimits(Answer):
    """The approval limit of each role; null means no limit."""

    agency_admin: Limit | None
    ticketing_lead: Limit | None
    accounting_lead: Limit | None
    agent: Limit | None


def _limits(row: Row) -> Row:
    return {role: row["approval_limits"].get(role) for role in ApprovalLimits.model_fields}


class TenantSettingsResponse(AnswerOf[Row]):
    """The agency's settings; null means that a setting has no value.

    `base_state` is `ready` if every posting has its amount in `base_currency`, which cannot change
    then. Otherwise it is `asked`, and `base_currency` is null.
    """

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
    approval_limits: Annotated[ApprovalLimits, Computed(_limits)]
    address: str | None
    tax_number: str | None
    bank_details: str | None
    round_invoices: bool
    audit_mail_administrators: bool
    audit_mail_addresses: str | None
    rate_max_age_days: int
    base_currency: str | None
    base_state: Literal["asked", "ready"]
    sac_digits: int
    bill_tolerance_percent: str
    bill_tolerance_minor: int
    confirm_treatments: bool


class LogoRequest(Closed):
    """A PNG or JPEG image in Base64 (RFC 4648, section 4)."""

    content: Annotated[str, Field(min_length=1, json_schema_extra={"contentEncoding": "base64"})]


class LogoFile(Closed):
    """An image uploaded by a form."""

    logo: Annotated[bytes, Field(min_length=1)]


def _base64(logo: Row) -> str:
    return b64encode(logo["content"]).decode()


class LogoResponse(AnswerOf[Row]):
    """The agency's logo: media type, size in pixels, SHA-256 and Base64."""

    media_type: Literal["image/png", "image/jpeg"]
    width: int
    height: int
    digest: str
    content: Annotated[str, Computed(_base64)]


def _without_defaults(schema: dict[str, Any]) -> None:
    """Remove all defaults from the JSON schema.

    An absent member leaves a setting unchanged, so a default in the schema would be wrong.
    """
    for member in schema["properties"].values():
        member.pop("default", None)


class TenantSettingsPatchRequest(Closed):
    """Changes of the settings; an absent member is unchanged.

    Null clears `model`, `model_override`, `system_prompt_suffix`, `daily_token_budget`, `address`,
    `tax_number`, `bank_details`, `audit_mail_addresses` or the limit of a role. Other members
    cannot be null. `address` is the postal address. `address`, `tax_number` and `bank_details`
    appear on invoices. A `tax_number` in the form of a GSTIN must be valid. With `round_invoices`
    the total of new invoices is rounded to the nearest whole unit of the currency. `sac_digits` is
    4 or 6: the digits of the service codes on new invoices.

    A bill that differs from what was expected is received without a reason only within both
    `bill_tolerance_percent` of the expected amount and `bill_tolerance_minor`, an amount in minor
    units of the currency of the books.

    The signed head of the audit log is mailed every day. The mail goes to the administrators if
    `audit_mail_administrators` is true, and to the addresses in `audit_mail_addresses`.
    `audit_mail_addresses` has at most five addresses, separated by commas; null or an empty text
    means no address.

    If `model_override` is set, it is used instead of `model`. The value `built-in` means that only
    the built-in planner is used, without a language model. A change of `model` without
    `model_override` clears `model_override`. If both are null, the operator's default model is
    used.
    """

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    model: Literal["claude-sonnet-4-5", "claude-opus-4-6", "claude-haiku-4-5-20251001"] | None = (
        None
    )
    model_override: Literal["built-in", "claude-sonnet-5", "claude-opus-5"] | None = None
    system_prompt_suffix: Annotated[str, Lines(SUFFIX_MAX)] | None = None
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
    address: Annotated[str, Lines(PAPER_MAX)] | None = None
    tax_number: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, to_upper=True),
            Text(32),
        ]
        | None
    ) = None
    bank_details: Annotated[str, Lines(PAPER_MAX)] | None = None
    round_invoices: bool = False
    audit_mail_administrators: bool = False
    audit_mail_addresses: Annotated[str, Lines(PAPER_MAX)] | None = None
    rate_max_age_days: Annotated[int, Field(ge=0, le=RATE_AGE_MAX_DAYS)] = 7
    sac_digits: Annotated[int, Field(ge=4, le=6, multiple_of=2)] = 6
    bill_tolerance_percent: Annotated[
        str, StringConstraints(pattern=_PERCENT), AfterValidator(_two_decimals)
    ] = "2.00"
    bill_tolerance_minor: Annotated[int, Field(ge=0, le=_BIGINT_MAX)] = 50_000
    confirm_treatments: bool = False

    def changes(self) -> SettingsChanges:
        """Return the members that were sent, including nulls."""
        return cast("SettingsChanges", self.model_dump(exclude_unset=True))
