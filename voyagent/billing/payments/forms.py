"""Forms of payments, and the query parameters of the list of payments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import SelectChoice, SelectField, StringField

from voyagent.banking.rules import DEFAULT_PURPOSES
from voyagent.banking.words import KIND_WORDS
from voyagent.billing.core.forms.charges import (
    CHARGE_ERROR_FIELDS,
    CHARGE_SENTENCES,
    ChargeForm,
)
from voyagent.billing.core.forms.parties import PartyFields
from voyagent.billing.core.forms.rates import RATE_SENTENCES
from voyagent.billing.core.forms.reversals import REVERSED
from voyagent.billing.core.words.means import MODE_WORDS
from voyagent.billing.payments.schemas import (
    AllocateIn,
    BounceIn,
    PaymentQuery,
    PaymentRecordIn,
    ReceiptIn,
    RefundIn,
    RefundPartyIn,
    UnallocateIn,
)
from voyagent.billing.payments.service.settling import PARTS_MAX
from voyagent.http.account_names import bank_account_label
from voyagent.http.forms import (
    AMOUNT_SENTENCE,
    AmountForm,
    AmountText,
    DateText,
    SchemaForm,
    SentOnce,
    plain,
    typed_amount,
)
from voyagent.http.list_queries import LABELS, Listing
from voyagent.http.template_filters import today
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency, currency_codes

Settles = TypeVar("Settles", PaymentRecordIn, AllocateIn)
Deducted = TypeVar("Deducted", PaymentRecordIn, ReceiptIn)
Paid = TypeVar("Paid", PaymentRecordIn, RefundIn, RefundPartyIn, ReceiptIn)
PART_NAMES = ("document_id", "part")
MEANS_ERROR_FIELDS = {
    **dict.fromkeys(("bank_account_not_found", "bank_account_closed"), "account"),
    "account_currency": "account",
    "mode_unfit": "mode",
    "tds_without_section": "tds_section",
    "charge_of_payment_out": "fee",
}
# The input at which each error of the service is shown, by error code.
ERROR_FIELDS = {
    **CHARGE_ERROR_FIELDS,
    **dict.fromkeys(
        (
            "invoice_not_found",
            "bill_not_found",
            "another_party",
            "document_not_open",
            "document_twice",
            "invalid_allocations",
        ),
        "allocations",
    ),
    **dict.fromkeys(
        ("payment_exceeds_open", "payment_over_allocated", "mixed_currency", "booked_rate_missing"),
        "allocations",
    ),
    **dict.fromkeys(
        (
            "settled_amount_required",
            "settled_amount_wrong",
            "settled_amount_far_from_rate",
            "invalid_rate",
            "rate_of_other_money",
        ),
        "allocations",
    ),
    "cash_limit": "over_cash_limit_reason",
    "customer_name_required": "party_name",
    "party_ambiguous": "party_id",
    "invalid_amount": "amount",
    "amount_above_limit": "amount",
    "invalid_currency": "currency",
    "account_not_found": "account",
    "account_inactive": "account",
    **MEANS_ERROR_FIELDS,
}
RECORD_ERROR_FIELDS = ERROR_FIELDS | dict.fromkeys(
    ("invalid_date", "date_in_future", "period_locked"), "paid_on"
)
ALLOCATION_ERROR_FIELDS = ERROR_FIELDS | {
    "invalid_date": "effective_on",
    "date_in_future": "effective_on",
    "period_locked": "effective_on",
    "invalid_amount": "allocations",
    "amount_above_limit": "allocations",
}
ALLOCATION_ERROR_FIELDS |= dict.fromkeys(("account_inactive", "payment_reversed"), "")
TAKEN_BACK = {
    "invalid_date": "effective_on",
    "date_in_future": "effective_on",
    "period_locked": "effective_on",
    "allocation_taken_back": "",
    "payment_claimed": "",
    "account_inactive": "",
}
REFUNDED = {
    **dict.fromkeys(("invalid_date", "date_in_future", "period_locked"), "refunded_on"),
    **dict.fromkeys(("payment_over_allocated", "invalid_amount", "amount_above_limit"), "amount"),
    **dict.fromkeys(("account_not_found", "account_inactive"), "account"),
    **dict.fromkeys(("payment_reversed", "customer_credit_unused"), ""),
    **MEANS_ERROR_FIELDS,
}
PARTY_REFUNDED = REFUNDED | {
    "refund_exceeds_credit": "amount",
    "invalid_currency": "currency",
}
BOUNCED = (
    REVERSED
    | CHARGE_ERROR_FIELDS
    | dict.fromkeys(("not_a_cheque", "account_not_found", "account_inactive"), "")
)
DEDUCTION_SENTENCES: dict[str, Any] = {
    **CHARGE_SENTENCES,
    "tds_amount.string_pattern_mismatch": AMOUNT_SENTENCE,
    "tds_section.string_pattern_mismatch": _l("Enter a section such as 194H."),
}
_AMOUNTS: dict[str, Any] = {
    "amount.string_pattern_mismatch": AMOUNT_SENTENCE,
    "amount.missing": _l("Enter an amount such as 45000 or 45,000.50."),
    "allocations.string_pattern_mismatch": AMOUNT_SENTENCE,
    "allocations.too_short": _l("Enter an amount for at least one document."),
    "cash_or_bank": _l("Choose one from the list."),
    **DEDUCTION_SENTENCES,
}
_ACCOUNTS = tuple(SelectChoice(kind, KIND_WORDS[kind]) for kind in DEFAULT_PURPOSES)
RECEIPT_ERROR_FIELDS = {
    **CHARGE_ERROR_FIELDS,
    "cash_limit": "over_cash_limit_reason",
    "payment_exceeds_open": "amount",
    "amount_above_limit": "amount",
    "invalid_amount": "amount",
    "invalid_date": "paid_on",
    "date_in_future": "paid_on",
    "period_locked": "paid_on",
    "document_not_open": "",
    "account_not_found": "account",
    "account_inactive": "account",
    **MEANS_ERROR_FIELDS,
}


def account_choices(found: Sequence[Row], books: str) -> list[SelectChoice]:
    """Return the choices of a bank account or cash.

    `found` are the open accounts, and `books` is the currency of the ledger.
    """
    others: list[Row] = [
        row
        for row in found
        if not row["is_default"] or row["currency"] != books or row["kind"] not in DEFAULT_PURPOSES
    ]
    if not others:
        return list(_ACCOUNTS)
    return [
        SelectChoice("bank", _l("Bank (default)")),
        SelectChoice("cash", _l("Cash (default)")),
        *(SelectChoice(str(row["id"]), bank_account_label(row)) for row in others),
    ]


class MeansForm(SchemaForm[Paid]):
    """Base form with the bank account, the mode and the instrument of a payment.

    The value of `account` is `bank`, `cash` or the id of a bank account.
    """

    account = SelectField(_l("Bank or cash"), choices=_ACCOUNTS, validate_choice=False)
    mode = SelectField(
        _l("Paid by"),
        choices=[
            SelectChoice("", _l("Not stated")),
            *(SelectChoice(mode, word) for mode, word in MODE_WORDS.items()),
        ],
        validate_choice=False,
    )
    instrument_no = StringField(_l("Cheque number"))
    instrument_on = DateText(_l("Cheque date"), kind="book")
    instrument_bank = StringField(_l("Bank of the cheque"))

    def offer_accounts(self, found: Sequence[Row], books: str) -> None:
        """Set the bank accounts that can be chosen beside the defaults.

        `books` is the currency of the ledger. The defaults in this currency are not listed by name,
        because they are the choices `bank` and `cash`.
        """
        self.account.choices = account_choices(found, books)

    def values(self) -> dict[str, Any]:
        """Return the entered values.

        If a bank account was chosen, `bank_account_id` has its id, and `account` is absent.
        """
        values = super().values()
        if parse_id(values.get("account", "")) is not None:
            values["bank_account_id"] = values.pop("account")
        return values


class DeductionsForm(ChargeForm[Deducted]):
    """Base form with the tax that the payer deducted, and the bank's charge."""

    tds_amount = StringField(_l("Tax deducted (TDS)"))
    tds_section = StringField(_l("Section"))
    tds_certificate = StringField(_l("Certificate"))

    def values(self) -> dict[str, Any]:
        """Return the entered values; the tax has no grouping separators."""
        values = super().values()
        if values.get("tds_amount"):
            values["tds_amount"] = plain(values["tds_amount"])
        if values.get("tds_section"):
            values["tds_section"] = values["tds_section"].strip().upper()
        return values

    def deducted(self, currency: str) -> Money | None:
        """Return the sum of the entered tax and charge, or None if one cannot be read."""
        return typed_sum((self.tds_amount, self.fee, *self.taxes), currency)


def typed_sum(fields: Iterable[StringField], currency: str) -> Money | None:
    """Return the sum of entered amounts, or None if one cannot be read.

    A blank field is zero. The errors are reported when the form is submitted.
    """
    try:
        return sum(
            (Money.parse(plain(field.data or "", currency) or "0", currency) for field in fields),
            Money(0, currency),
        )
    except (InvalidAmount, UnknownCurrency):
        return None


class PartsField(StringField):
    """Form field with the amounts to allocate, one row for each document.

    A row has a hidden document id and an input for the amount.
    """

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:
        """Use the submitted rows, or the initial rows if none were submitted.

        Each row has `document_id` and `amount`. The row of a document in another currency may also
        have `settled` (the settled amount) and `rate`.
        """
        super().process(None, data, extra_filters)
        self.data: list[dict[str, str]] = list(data or [])
        if formdata is not None and PART_NAMES[0] in formdata:
            ids, amounts = (formdata.getlist(name)[: PARTS_MAX + 1] for name in PART_NAMES)
            rows = [
                {"document_id": one, "amount": plain(amount)}
                for one, amount in zip(ids, amounts, strict=False)
            ]
            for row in rows:
                beside = (
                    (name, plain(formdata.get(f"{name}_{row['document_id']}", "")))
                    for name in ("settled", "rate")
                )
                row.update((name, typed) for name, typed in beside if typed)
            self.data = [row for row in rows if row["amount"] not in ("", "0")]

    def typed(self, document_id: object, name: str = "amount") -> str:
        """Return the text that the user entered for a document.

        `name` is the input: `amount`, `settled` (the settled amount) or `rate`.
        """
        return next(
            (row.get(name, "") for row in self.data if row["document_id"] == str(document_id)), ""
        )

    def total(self, currency: str) -> Money:
        """Return the sum of the amounts that can be read."""
        come_to = Money(0, currency)
        for row in self.data:
            try:
                come_to += Money.parse(plain(row["amount"], currency), currency)
            except InvalidAmount:
                continue
        return come_to


class SettlingForm(SentOnce, SchemaForm[Settles]):
    """Base form to allocate a payment to documents."""

    sentences: ClassVar[dict[str, Any]] = _AMOUNTS | RATE_SENTENCES
    awaited: ClassVar[Collection[str]] = ("settled_amount_required",)
    settled_on: ClassVar[str]
    """Name of the field with the date of the allocation, which is also the date of the rate."""
    pairs: Mapping[str, tuple[str, str, str]] = {}
    """The document's currency, and the rate's base and quote currency, by document id."""

    allocations = PartsField(_l("Settles"))
    rate_source = StringField(_l("Rate source"))

    def offer(self, foreign: Iterable[Row], books: str) -> None:
        """Set the documents for which the user can enter a settled amount or a rate.

        `foreign` are the documents in another currency than the payment. Each row has `id`,
        `currency`, and `base`, the base currency of the exchange rate that the user may enter.
        `books` is the currency of the ledger.
        """
        self.pairs = {str(row["id"]): (row["currency"], row["base"], books) for row in foreign}

    def values(self) -> dict[str, Any]:
        """Return the values, with settled amounts and rates as the API accepts them."""
        values = super().values()
        return values | {
            "allocations": [
                self._part(row, values.get(self.settled_on))
                for row in values.get("allocations") or []
            ]
        }

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the name of the input at which to show an error.

        `loc` is the location of the error in the schema.
        """
        match loc:
            case ("allocations", int(), "exchange_rate", "source"):
                return "rate_source"
            case ("allocations", int(), "exchange_rate", _):
                return "rate"
        return super().place_of(loc)

    def _part(self, row: dict[str, str], day: str | None) -> dict[str, Any]:
        part: dict[str, Any] = {"document_id": row["document_id"], "amount": plain(row["amount"])}
        if row["document_id"] not in self.pairs:
            return part
        currency, base, quote = self.pairs[row["document_id"]]
        if "settled" in row:
            part |= {"settled_amount": row["settled"], "settled_currency": currency}
        if "rate" in row:
            part["exchange_rate"] = {
                "base": base,
                "quote": quote,
                "rate": row["rate"],
                "on": day or today().isoformat(),
                "source": self.rate_source.data or "",
            }
        return part


class PaymentForm(
    MeansForm[PaymentRecordIn],
    DeductionsForm[PaymentRecordIn],
    SettlingForm[PaymentRecordIn],
    PartyFields[PaymentRecordIn],
):
    """Form to record a payment from a customer or to a supplier."""

    schema: ClassVar[type[BaseModel]] = PaymentRecordIn
    party = "party_name"
    settled_on = "paid_on"
    sentences: ClassVar[dict[str, Any]] = SettlingForm.sentences | {
        "invalid_currency": _l("Enter a currency code of three capital letters, such as INR."),
        "party_name.string_too_short": _l("Enter a name."),
        "party_name.missing": _l("Enter a name."),
    }

    direction = SelectField(
        _l("Type"),
        choices=[
            SelectChoice("in", _l("Received from a customer")),
            SelectChoice("out", _l("Paid to a supplier")),
        ],
        validate_choice=False,
    )
    party_name = StringField(_l("Customer or supplier"))
    amount = StringField(_l("Amount"))
    currency = SelectField(_l("Currency"), validate_choice=False)
    paid_on = DateText(_l("Paid on"), kind="book")
    reference = StringField(_l("Reference"))
    over_cash_limit_reason = StringField(_l("Reason for cash above the limit"))

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

    @property
    def money(self) -> Money | None:
        """The entered amount with the deducted tax and the charge, or None if unreadable."""
        currency = self.currency.data
        amount, deducted = typed_sum((self.amount,), currency), self.deducted(currency)
        return None if amount is None or deducted is None else amount + deducted


class AllocateForm(SettlingForm[AllocateIn]):
    """Form to allocate an advance to documents from a date on."""

    schema: ClassVar[type[BaseModel]] = AllocateIn
    settled_on = "effective_on"

    effective_on = DateText(_l("Effective date"), kind="book")
    over_cash_limit_reason = StringField(_l("Reason for cash above the limit"))


class UnallocateForm(SchemaForm[UnallocateIn]):
    """Form with the date on which an allocation is taken back."""

    schema: ClassVar[type[BaseModel]] = UnallocateIn

    effective_on = DateText(_l("Effective date"), kind="book")


class RefundForm(MeansForm[RefundIn], SentOnce, AmountForm[RefundIn]):
    """Form to refund an advance or a part of it."""

    schema: ClassVar[type[BaseModel]] = RefundIn
    sentences: ClassVar[dict[str, Any]] = _AMOUNTS

    amount = AmountText(_l("Amount"))
    refunded_on = DateText(_l("Refunded on"), kind="book")
    reference = StringField(_l("Reference"))


class PartyRefundForm(MeansForm[RefundPartyIn], SentOnce, AmountForm[RefundPartyIn]):
    """Form to refund unused payments and credits of a customer in one currency."""

    schema: ClassVar[type[BaseModel]] = RefundPartyIn
    sentences: ClassVar[dict[str, Any]] = _AMOUNTS | {
        "currency.invalid_currency": _l("Choose one from the list.")
    }

    amount = AmountText(_l("Amount"))
    currency = SelectField(_l("Currency"), validate_choice=False)
    refunded_on = DateText(_l("Refunded on"), kind="book")
    reference = StringField(_l("Reference"))

    def __init__(self, party_id: UUID, currencies: Sequence[str], **given: Any) -> None:
        super().__init__(**given)
        self.party_id, self.currency.choices = str(party_id), [*currencies]

    party_id: str

    def values(self) -> dict[str, Any]:
        """Return the entered values with the id of the customer."""
        return super().values() | {"party_id": self.party_id}


class BounceForm(SentOnce, ChargeForm[BounceIn]):
    """Form of a cheque that bounced: reason, day and charge of the bank."""

    schema: ClassVar[type[BaseModel]] = BounceIn
    stand_ins: ClassVar[dict[str, Any]] = {"reason": "–"}

    reason = StringField(_l("Reason"))
    reversed_on = DateText(_l("Effective date"), kind="book")
    fee = AmountText(_l("Fee"))


class PaymentList(PaymentQuery, Listing):
    """Query parameters of the list of payments."""

    endpoint = "billing.payments"
    parameters = ("direction", "q", "party", "party_id", "from", "to", "unapplied", "reversed")
    words = LABELS | {
        "direction": _l("Kind"),
        "unapplied": _l("Advances"),
        "reversed": _l("Reversed"),
    }

    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs: all, received, paid, with an unused amount, and reversed."""
        here = "unapplied" if self.unapplied else "reversed" if self.reversed else self.direction
        words = (
            (None, _l("All")),
            ("in", _l("Received")),
            ("out", _l("Paid out")),
            ("unapplied", _l("Advances")),
            ("reversed", _l("Reversed")),
        )
        apart = ("unapplied", "reversed")
        return [
            {
                "label": word,
                "href": self.address(
                    direction=None if key in apart else key,
                    **{name: 1 if key == name else None for name in apart},
                ),
                "here": here == key,
            }
            for key, word in words
        ]


class ReceiptForm(MeansForm[ReceiptIn], DeductionsForm[ReceiptIn], SentOnce, AmountForm[ReceiptIn]):
    """Form to record a customer's payment of an invoice."""

    schema: ClassVar[type[BaseModel]] = ReceiptIn
    sentences: ClassVar[dict[str, Any]] = {
        "amount.string_pattern_mismatch": AMOUNT_SENTENCE,
        "cash_or_bank": _l("Choose one from the list."),
        **DEDUCTION_SENTENCES,
    }

    amount = AmountText(_l("Amount"))
    paid_on = DateText(_l("Paid on"), kind="book")
    account = SelectField(_l("Paid into"), choices=_ACCOUNTS, validate_choice=False)
    reference = StringField(_l("Reference"))
    over_cash_limit_reason = StringField(_l("Reason for cash above the limit"))

    def fill(self, due: Money) -> None:
        """Fill in the amount due less tax and charge.

        The field is left as it is if these are not below the amount due, or cannot be read.
        """
        deducted = self.deducted(due.currency)
        if deducted is not None and deducted.amount_minor < due.amount_minor:
            self.amount.data = typed_amount(due - deducted)
