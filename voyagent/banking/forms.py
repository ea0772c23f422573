"""Forms of bank accounts, validated by the schemas of the JSON API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import BooleanField, SelectChoice, SelectField, StringField

from voyagent.banking.models import BankAccount
from voyagent.banking.schemas import BankAccountIn, BankAccountPatch
from voyagent.banking.words import KIND_WORDS
from voyagent.http.account_names import account_name
from voyagent.http.forms import DateText, SchemaForm
from voyagent.http.template_filters import today
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import currency_codes

ERROR_FIELDS = {
    "account_not_found": "account_id",
    "ledger_account_unfit": "account_id",
    "account_currency": "account_id",
    "card_number_too_long": "number",
    "too_many_bank_accounts": "",
    "bank_account_closed": "",
    "bank_account_is_default": "is_default",
}
"""The form field at which each error of the service is shown, by error code."""
_SENTENCES: dict[str, Any] = {
    **dict.fromkeys(("name.missing", "name.string_too_short"), _l("Enter a name.")),
    **dict.fromkeys(
        ("number.string_pattern_mismatch", "number.string_too_long"),
        _l("Enter at most 34 letters and digits."),
    ),
    "ifsc.string_pattern_mismatch": _l("Enter an IFSC such as HDFC0000001."),
    "swift.string_pattern_mismatch": _l("Enter a SWIFT code such as HDFCINBB."),
    **dict.fromkeys(
        ("invalid_currency", "kind.missing", "account_id.uuid_parsing"),
        _l("Choose one from the list."),
    ),
}


class BankAccountForm(SchemaForm[BankAccountIn]):
    """Form of a new bank account."""

    schema: ClassVar[type[BaseModel]] = BankAccountIn
    sentences: ClassVar[dict[str, Any]] = _SENTENCES

    kind = SelectField(
        _l("Kind"),
        choices=[SelectChoice(kind, word) for kind, word in KIND_WORDS.items()],
        validate_choice=False,
    )
    currency = SelectField(_l("Currency"), validate_choice=False)
    name = StringField(_l("Name"))
    account_id = SelectField(_l("Account in the chart"), validate_choice=False)
    bank_name = StringField(_l("Bank"))
    number = StringField(_l("Account number"))
    ifsc = StringField(_l("IFSC"))
    swift = StringField(_l("SWIFT code"))
    opened_on = DateText(_l("Opened on"), kind="book")
    is_default = BooleanField(_l("Use when no other account is chosen"))
    is_printed = BooleanField(_l("Print on invoices in this currency"))

    @classmethod
    def begun(cls, books: str, fit: Sequence[Row]) -> BankAccountForm:
        """Return the empty form of a new account.

        `books` is the currency of the ledger, which is preselected. `fit` are the accounts of the
        chart that can be chosen.
        """
        form = cls(data={"currency": books, "opened_on": today()})
        form.currency.choices = [*dict.fromkeys([books, *currency_codes()])]
        form.account_id.choices = [
            SelectChoice("", _l("Add a new one")),
            *(
                SelectChoice(str(row["id"]), f"{row['code']} {account_name(row['name'])}")
                for row in fit
            ),
        ]
        return form


class BankAccountChangeForm(SchemaForm[BankAccountPatch]):
    """Form that changes a bank account."""

    schema: ClassVar[type[BaseModel]] = BankAccountPatch
    sentences: ClassVar[dict[str, Any]] = _SENTENCES

    name = StringField(_l("Name"))
    bank_name = StringField(_l("Bank"))
    number = StringField(_l("Account number"))
    ifsc = StringField(_l("IFSC"))
    swift = StringField(_l("SWIFT code"))
    is_default = BooleanField(_l("Use when no other account is chosen"))
    is_printed = BooleanField(_l("Print on invoices in this currency"))

    @classmethod
    def of(cls, account: BankAccount) -> BankAccountChangeForm:
        """Return the form filled with the details of an account, its number decrypted.

        The form of a default has no field `is_default`: an account stays the default until another
        account becomes the default.
        """
        form = cls(data={name: getattr(account, name) for name in BankAccountPatch.model_fields})
        if account.is_default:
            del form.is_default
        return form
