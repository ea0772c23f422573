"""HTML forms of the chart of accounts, validated by the schemas of the JSON API."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import BooleanField, SelectChoice, SelectField, StringField

from voyagent.http.forms import SchemaForm
from voyagent.kernel.database.read_pool import Row
from voyagent.ledger.rules import cash_flow_kind, revalued
from voyagent.ledger.schemas.chart import AccountIn, AccountPatch
from voyagent.ledger.words import ACCOUNT_TYPES, CASH_FLOWS, SIDES

# The form field at which each error code of the service is shown.
ERROR_FIELDS = {
    "account_code_taken": "code",
    "account_posted": "type",
    "account_serves_program": "is_archived",
    "account_has_balance": "is_archived",
}
_CODE = _l("Enter a code of up to 32 letters, digits, dots and hyphens, such as 5250.")
_NAME = _l("Enter a name.")
_SENTENCES: dict[str, Any] = {
    **dict.fromkeys(("code.missing", "code.string_pattern_mismatch"), _CODE),
    **dict.fromkeys(("name.missing", "name.string_too_short"), _NAME),
    "type.missing": _l("Choose one from the list."),
}


def _choices(words: dict[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in words.items()]


class AccountForm(SchemaForm[AccountIn]):
    """Form that adds an account."""

    schema: ClassVar[type[BaseModel]] = AccountIn
    sentences: ClassVar[dict[str, Any]] = _SENTENCES

    code = StringField(_l("Code"))
    name = StringField(_l("Name"))
    type = SelectField(_l("Type"), choices=_choices(ACCOUNT_TYPES), validate_choice=False)
    normal_side = SelectField(
        _l("Normal balance"),
        choices=[SelectChoice("", _l("Same as type")), *_choices(SIDES)],
        validate_choice=False,
    )


class AccountChangeForm(SchemaForm[AccountPatch]):
    """Form that changes an account.

    The fields for type and normal side are left out if they cannot change (`is_fixed`). The field
    `cash_flow` is left out if the account has a purpose. The field `is_monetary` is left out if the
    account has a purpose, or if it is neither an asset nor a liability.
    """

    schema: ClassVar[type[BaseModel]] = AccountPatch
    sentences: ClassVar[dict[str, Any]] = _SENTENCES
    empty_as_none: ClassVar[bool] = False

    code = StringField(_l("Code"))
    name = StringField(_l("Name"))
    type = SelectField(_l("Type"), choices=_choices(ACCOUNT_TYPES), validate_choice=False)
    normal_side = SelectField(_l("Normal balance"), choices=_choices(SIDES), validate_choice=False)
    is_archived = BooleanField(_l("Archived"))
    is_monetary = BooleanField(_l("Revalue foreign balances at month end"))
    cash_flow = SelectField(
        _l("Cash flow statement"), choices=_choices(CASH_FLOWS), validate_choice=False
    )

    @classmethod
    def of(cls, account: Row) -> AccountChangeForm:
        """Return the form filled with the present values of an account."""
        form = cls(
            data={name: account[name] for name in ("code", "name", "type", "normal_side")}
            | {
                "is_archived": not account["is_active"],
                "is_monetary": revalued(account) is not None,
                "cash_flow": cash_flow_kind(account),
            }
        )
        if account["purpose"] is not None:
            del form.cash_flow
        if account["purpose"] is not None or account["type"] not in ("asset", "liability"):
            del form.is_monetary
        if is_fixed(account):
            del form.type, form.normal_side
        return form


def is_fixed(account: Row) -> bool:
    """Return True if the type and normal side of an account cannot change.

    Both are fixed if the account has postings, or if the application posts to the account
    automatically.
    """
    return account["purpose"] is not None or account["posted"] is not None
