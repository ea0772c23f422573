"""Forms of received cheques, and the query parameters of their register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel, BeforeValidator
from wtforms import SelectChoice, SelectField, SelectMultipleField, StringField

from voyagent.billing.cheques.queries import ChequeSearch
from voyagent.billing.cheques.schemas import ChequeIn, ChequeQuery, DepositIn, ReturnIn
from voyagent.billing.core.forms.parties import PartyFields
from voyagent.http.account_names import bank_account_label
from voyagent.http.forms import AMOUNT_SENTENCE, DateText, Schema, SchemaForm, SentOnce, plain
from voyagent.http.list_queries import LABELS, Listing
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import currency_codes

_ACCOUNT = dict.fromkeys(
    ("bank_account_not_found", "bank_account_closed", "account_currency", "mode_unfit"),
    "bank_account_id",
)
RECEIVED = {
    **_ACCOUNT,
    **dict.fromkeys(("invalid_amount",), "amount"),
    **dict.fromkeys(("invalid_date", "date_in_future"), "received_on"),
    **dict.fromkeys(
        (
            *("invoice_not_found", "another_party", "document_not_open", "document_twice"),
            "mixed_currency",
        ),
        "invoice_ids",
    ),
    "customer_name_required": "party_name",
    "party_ambiguous": "party_id",
    "invalid_currency": "currency",
}
DEPOSITED = {
    **_ACCOUNT,
    **dict.fromkeys(("account_not_found", "account_inactive"), "bank_account_id"),
    **dict.fromkeys(
        ("cheque_not_due", "invalid_date", "date_in_future", "period_locked"), "deposited_on"
    ),
    **dict.fromkeys(("cheque_not_held", "amount_above_limit", "rate_missing", "another_party"), ""),
}
RETURNED = {
    **dict.fromkeys(("invalid_date", "date_in_future"), "returned_on"),
    "reason_required": "reason",
    "cheque_not_held": "",
}
"""The form field at which each error of the service is shown, by error code."""


class _AccountForm(SchemaForm[Schema]):
    """Base form with the bank account of the deposit."""

    bank_account_id = SelectField(_l("Deposit into"), validate_choice=False)

    def offer_accounts(self, found: Sequence[Row]) -> None:
        """Set the accounts that can be chosen; cash accounts in `found` are left out."""
        self.bank_account_id.choices = [
            SelectChoice("", _l("Bank (default)")),
            *(
                SelectChoice(str(row["id"]), bank_account_label(row))
                for row in found
                if row["kind"] != "cash"
            ),
        ]


class ChequeForm(_AccountForm[ChequeIn], SentOnce, PartyFields[ChequeIn]):
    """Form of a cheque that a customer has given."""

    schema: ClassVar[type[BaseModel]] = ChequeIn
    party = "party_name"
    sentences: ClassVar[dict[str, Any]] = {
        "amount.string_pattern_mismatch": AMOUNT_SENTENCE,
        "amount.missing": _l("Enter an amount such as 45000 or 45,000.50."),
        "invalid_currency": _l("Enter a currency code of three capital letters, such as INR."),
        "party_name.string_too_short": _l("Enter a name."),
        "party_name.missing": _l("Enter a name."),
        "uuid_parsing": _l("Choose one from the list."),
    }

    party_name = StringField(_l("Customer"))
    amount = StringField(_l("Amount"))
    currency = SelectField(_l("Currency"), validate_choice=False)
    cheque_no = StringField(_l("Cheque number"))
    cheque_on = DateText(_l("Cheque date"), kind="due")
    drawee_bank = StringField(_l("Bank of the cheque"))
    received_on = DateText(_l("Received on"), kind="book")
    note = StringField(_l("Notes"))
    invoice_ids = SelectMultipleField(_l("For these invoices"), choices=[], validate_choice=False)

    def __init__(self, currency: str, **given: Any) -> None:
        super().__init__(**given)
        self.currency.choices = [*dict.fromkeys([currency, *currency_codes()])]
        if self.currency.data is None:
            self.currency.data = currency

    def values(self) -> dict[str, Any]:
        """Return the entered values; the amount has no grouping separators."""
        values = super().values()
        return values | (
            {"amount": plain(values["amount"], self.currency.data)} if values.get("amount") else {}
        )


class DepositForm(_AccountForm[DepositIn], SentOnce):
    """Form of the deposit of a cheque: the day and the account."""

    schema: ClassVar[type[BaseModel]] = DepositIn
    sentences: ClassVar[dict[str, Any]] = {"uuid_parsing": _l("Choose one from the list.")}

    deposited_on = DateText(_l("Deposited on"), kind="book")


class ReturnForm(SchemaForm[ReturnIn]):
    """Form of a cheque that is given back: the reason and the day."""

    schema: ClassVar[type[BaseModel]] = ReturnIn

    reason = StringField(_l("Reason"))
    returned_on = DateText(_l("Given back on"), kind="book")


class ChequeList(ChequeQuery, Listing):
    """Query parameters of the register of received cheques."""

    endpoint = "billing.cheques"
    parameters = ("show", "party_id")
    narrowing = ("party_id",)
    words = LABELS | {"show": _l("Show")}
    show: Annotated[
        Literal["later", "all"] | None, BeforeValidator(lambda value: value or None)
    ] = None

    def search_on(self, today: date) -> ChequeSearch:
        """Return the filters for the queries; without `show` what is due today."""
        if self.show == "all":
            return ChequeSearch(party_id=self.party_id)
        first, last = (None, today) if self.show is None else (today + timedelta(days=1), None)
        return ChequeSearch("received", first, last, self.party_id)

    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs: due for deposit, later, and all."""
        words = ((None, _l("Due for deposit")), ("later", _l("Later")), ("all", _l("All")))
        return self.tabs_of("show", self.show, words)
