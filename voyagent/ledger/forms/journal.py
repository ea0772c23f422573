"""HTML forms of the journal: a manual journal entry, and a reversal."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import SelectField, StringField

from voyagent.http.forms import (
    AMOUNT_SENTENCE,
    DateText,
    RowsField,
    SchemaForm,
    SentOnce,
    plain,
)
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency, currency_codes
from voyagent.ledger.schemas.journal import JournalEntryIn, ReversalIn
from voyagent.ledger.service.direct import LINES_MAX

# The form field at which each error code of the service is shown.
REVERSAL_ERROR_FIELDS = {
    "invalid_date": "entry_date",
    "period_locked": "entry_date",
    "journal_entry_already_reversed": "",
    "journal_entry_of_document": "",
    "account_inactive": "",
    "amount_above_limit": "",
}
ENTRY_ERROR_FIELDS = {
    **dict.fromkeys(
        (
            "journal_entry_too_short",
            "journal_entry_too_long",
            "journal_entry_unbalanced",
            "invalid_amount",
            "amount_above_limit",
        ),
        "lines",
    ),
    **dict.fromkeys(
        ("account_not_found", "account_inactive", "account_is_control", "account_currency"),
        "lines",
    ),
    **dict.fromkeys(("invalid_date", "period_locked"), "entry_date"),
    "invalid_currency": "currency",
}


class ReversalForm(SchemaForm[ReversalIn]):
    """Form with the reason and the book date of a reversal."""

    schema: ClassVar[type[BaseModel]] = ReversalIn

    reason = StringField(_l("Reason"))
    entry_date = DateText(_l("Date"), kind="book")


class EntryLinesField(RowsField):
    """Form field with one row of account, memo, debit and credit per journal line.

    Empty rows are ignored.
    """

    names = ("account_id", "memo", "debit", "credit")
    written = names
    most = LINES_MAX


class EntryForm(SentOnce, SchemaForm[JournalEntryIn]):
    """Form of a manual journal entry in one currency.

    Amounts may have digit separators.
    """

    schema: ClassVar[type[BaseModel]] = JournalEntryIn
    sentences: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(
            ("narration.missing", "narration.string_too_short"),
            _l("Enter a narration for this journal entry."),
        ),
        **dict.fromkeys(
            ("currency.missing", "currency.invalid_currency"),
            _l("Enter a currency code of three capital letters, such as INR."),
        ),
        "lines.uuid_parsing": _l("Choose an account for each line."),
        "lines.one_side": _l("Enter either a debit or a credit on each line."),
        "lines.string_pattern_mismatch": AMOUNT_SENTENCE,
        "lines.too_short": _l("A journal entry needs at least two lines."),
        "lines.too_long": _l("A journal entry has at most 200 lines."),
    }

    stand_ins: ClassVar[dict[str, Any]] = {"narration": "–"}
    awaited: ClassVar[Collection[str]] = ("journal_entry_unbalanced", "journal_entry_too_short")

    narration = StringField(_l("Narration"))
    entry_date = DateText(_l("Book date"), kind="book")
    currency = SelectField(_l("Currency"), validate_choice=False)
    lines = EntryLinesField(_l("Lines"))

    def __init__(self, currency: str, **given: Any) -> None:
        super().__init__(**given)
        self.currency.choices = [*dict.fromkeys([currency, *currency_codes()])]
        if self.currency.data is None:
            self.currency.data = currency
        self.own_currency = currency
        self.wrong: set[tuple[int, str]] = set()

    def values(self) -> dict[str, Any]:
        """Return the input, with amounts as decimal numbers without separators.

        An empty amount becomes None.
        """
        return super().values() | {
            "lines": [
                {
                    "account_id": row["account_id"],
                    "currency": self.currency.data,
                    "narration": row["memo"].strip() or None,
                    **{
                        f"{side}_amount": plain(row[side], self.currency.data) or None
                        for side in ("debit", "credit")
                    },
                }
                for row in self.lines.data
            ]
        }

    def typed_values(self) -> dict[str, Any]:
        """Return the input, without journal lines that are still incomplete.

        A journal line is complete if it has an account and an amount. `lines` is None if fewer than
        two journal lines are complete.
        """
        values = self.values()
        whole = [
            line
            for line in values["lines"]
            if line["account_id"] and (line["debit_amount"] or line["credit_amount"])
        ]
        return values | {"lines": whole if len(whole) > 1 else None}

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the name of the form field that shows an error of the schema.

        `loc` is the position of the error in the data of the schema. An error in the currency of a
        journal line is shown at the form's currency field. If the error is in another input of a
        journal line, row number and name of that input are added to `self.wrong`.
        """
        if len(loc) > 2 and loc[2] == "currency":
            return "currency"
        if len(loc) > 1 and isinstance(loc[1], int):
            names = {
                "account_id": ("account_id",),
                "narration": ("memo",),
                "debit_amount": ("debit",),
                "credit_amount": ("credit",),
            }
            self.wrong |= {
                (loc[1], name)
                for name in names.get(str(loc[2]) if len(loc) > 2 else "", ("debit", "credit"))
            }
        return super().place_of(loc)

    @property
    def first_wrong(self) -> tuple[int, str] | None:
        """Return row number and name of the first input of a journal line with an error."""
        return min(
            self.wrong,
            key=lambda place: (place[0], EntryLinesField.names.index(place[1])),
            default=None,
        )

    @property
    def read_currency(self) -> str:
        """Return the selected currency, or the agency's own if the form does not offer it."""
        return (
            str(self.currency.data)
            if self.currency.data in self.currency.choices
            else self.own_currency
        )

    def read_lines(self) -> tuple[list[tuple[UUID | None, Money, Money]], bool]:
        """Return account id, debit and credit of each journal line with valid amounts.

        The second result is False if any journal line has an invalid amount.
        """
        found: list[tuple[UUID | None, Money, Money]] = []
        for row in self.lines.data:
            try:
                debit, credit = (
                    Money.parse(plain(row[side], self.read_currency) or "0", self.read_currency)
                    for side in ("debit", "credit")
                )
            except (InvalidAmount, UnknownCurrency):  # reported when the form is submitted
                continue
            found.append((parse_id(row["account_id"]), debit, credit))
        return found, len(found) == len(self.lines.data)
