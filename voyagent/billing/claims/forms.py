"""Forms of claims on suppliers, and the query parameters of their list."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel, BeforeValidator
from wtforms import BooleanField, SelectChoice, SelectField, StringField

from voyagent.billing.claims.queries import ClaimSearch
from voyagent.billing.claims.schemas import (
    BillClaimIn,
    ClaimReceiptIn,
    FollowUpIn,
    SupplierClaimQuery,
)
from voyagent.billing.core.forms.credits import CREDIT_ERROR_FIELDS, DocumentCreditForm
from voyagent.http.account_names import bank_account_label
from voyagent.http.forms import AmountForm, DateText, SchemaForm, SentOnce, plain
from voyagent.http.list_queries import LABELS, Listing
from voyagent.kernel.database.read_pool import Row

CLAIMED = CREDIT_ERROR_FIELDS | {
    "nothing_to_claim": "lines",
    "vendor_reference_required": "credit_note_number",
    "supplier_credit_taken": "credit_note_number",
    "rate_missing": "",
}
RECEIVED = {
    **dict.fromkeys(
        ("claim_exceeded", "nothing_settled", "invalid_amount", "amount_above_limit"), "amount"
    ),
    **dict.fromkeys(("bank_account_not_found", "bank_account_closed"), "bank_account_id"),
    **dict.fromkeys(("account_not_found", "account_inactive"), "bank_account_id"),
    "account_currency": "money_currency",
    "settled_amount_far_from_rate": "money_amount",
    **dict.fromkeys(("invalid_date", "date_in_future", "period_locked"), "received_on"),
    **dict.fromkeys(("claim_not_open", "rate_missing"), ""),
}
FOLLOWED_UP = {
    **dict.fromkeys(("invalid_date", "date_in_future"), "chased_on"),
    **dict.fromkeys(
        ("claim_matched", "supplier_credit_taken", "vendor_reference_required"),
        "credit_note_number",
    ),
    "claim_not_open": "",
}
"""The form field at which each error of the service is shown, by error code."""
NUMBER_SENTENCE = _l("Enter at most 64 letters and digits without spaces.")


class ClaimForm(DocumentCreditForm[BillClaimIn]):
    """Form to claim a refund of a paid bill: an amount for each line."""

    schema: ClassVar[type[BaseModel]] = BillClaimIn
    sentences: ClassVar[dict[str, Any]] = DocumentCreditForm.sentences | {
        "credit_note_number.string_pattern_mismatch": NUMBER_SENTENCE
    }

    expected_on = DateText(_l("Expected on"), kind="due")
    credit_note_number = StringField(_l("Their credit note"))
    further_credit_reason = StringField(_l("Reason for a further credit"))


class ClaimReceiptForm(SentOnce, AmountForm[ClaimReceiptIn]):
    """Form of the money that a supplier refunds."""

    schema: ClassVar[type[BaseModel]] = ClaimReceiptIn
    sentences: ClassVar[dict[str, Any]] = {
        "reference.string_pattern_mismatch": NUMBER_SENTENCE,
        "uuid_parsing": _l("Choose one from the list."),
    }

    amount = StringField(_l("Amount"))
    bank_account_id = SelectField(_l("Paid into"), validate_choice=False)
    money_amount = StringField(_l("Amount received"))
    received_on = DateText(_l("Received on"), kind="book")
    reference = StringField(_l("Reference"))
    give_up_rest = BooleanField(_l("Give up the rest"))

    accounts: dict[str, str]
    """Currencies of the bank accounts, by id."""

    def offer_accounts(self, found: list[Row], currency: str) -> None:
        """Set the bank accounts that can be chosen; `currency` is that of the claim.

        Those in this currency are first, and the default one of it is chosen.
        """
        rows = sorted(found, key=lambda row: (row["currency"] != currency, not row["is_default"]))
        self.accounts = {str(row["id"]): row["currency"] for row in rows}
        self.bank_account_id.choices = [
            SelectChoice(str(row["id"]), bank_account_label(row)) for row in rows
        ]

    def values(self) -> dict[str, Any]:
        """Return the entered values; the currency of the money is that of the account."""
        values = super().values()
        if values.get("money_amount"):
            values["money_amount"] = plain(values["money_amount"])
            values["money_currency"] = self.accounts.get(values.get("bank_account_id") or "")
        return values


class FollowUpForm(SchemaForm[FollowUpIn]):
    """Form of a reminder to a supplier, and of the credit note that has arrived."""

    schema: ClassVar[type[BaseModel]] = FollowUpIn
    sentences: ClassVar[dict[str, Any]] = {
        "credit_note_number.string_pattern_mismatch": NUMBER_SENTENCE
    }

    chased_on = DateText(_l("Reminded on"), kind="book")
    expected_on = DateText(_l("Expected on"), kind="due")
    credit_note_number = StringField(_l("Their credit note"))


class ClaimList(SupplierClaimQuery, Listing):
    """Query parameters of the page of refunds awaited."""

    endpoint = "billing.claims"
    parameters = ("show", "party_id")
    narrowing = ("party_id",)
    words = LABELS | {"show": _l("Show")}
    show: Annotated[Literal["all"] | None, BeforeValidator(lambda value: value or None)] = None

    def search(self) -> ClaimSearch:
        """Return the filters for the queries; without `show` only what is open."""
        return ClaimSearch(self.show is None, self.party_id)

    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs: open claims, and all."""
        return self.tabs_of("show", self.show, ((None, _l("Awaited")), ("all", _l("All"))))
