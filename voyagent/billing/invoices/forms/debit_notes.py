"""Form that drafts a debit note for an invoice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Self

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import StringField

from voyagent.billing.core.forms.credits import AmountsField
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.invoices.schemas.documents import DebitNoteIn
from voyagent.http.forms import AMOUNT_SENTENCE, DateText, SchemaForm, SentOnce, plain
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money

# The input at which each error of the service is shown, by error code.
DEBIT_ERROR_FIELDS = {
    "reason_required": "reason",
    "text_too_long": "reason",
    "invalid_date": "issue_date",
    "invalid_amount": "lines",
    "total_out_of_range": "lines",
    "line_not_on_invoice": "lines",
    "invalid_line_items": "lines",
    "invoice_not_debitable": "",
}


class DebitNoteForm(SentOnce, SchemaForm[DebitNoteIn]):
    """Form of the further amounts to charge.

    Lines without an amount are not charged more.
    """

    schema: ClassVar[type[BaseModel]] = DebitNoteIn
    sentences: ClassVar[dict[str, Any]] = {
        "lines.string_pattern_mismatch": AMOUNT_SENTENCE,
        "lines.too_short": _l("Enter an amount for at least one line."),
    }

    reason = StringField(_l("Reason"))
    issue_date = DateText(_l("Date"), kind="book")
    due_date = DateText(_l("Due date"), kind="book")
    lines = AmountsField(_l("Lines"))

    invoice: Invoice
    known: Sequence[InvoiceLine]
    wrong: set[int]

    @classmethod
    def of(cls, invoice: Invoice, lines: Sequence[InvoiceLine], day: date) -> Self:
        """Return the form for an invoice with its lines; `day` is the proposed issue date."""
        form = cls(data={"issue_date": day, "lines": [""] * len(lines)})
        form.invoice, form.known, form.wrong = invoice, lines, set()
        return form

    def values(self) -> dict[str, Any]:
        """Return the entered values; `lines` has number and amount of the lines to charge."""
        return super().values() | {
            "lines": [{"line_no": number, "amount": amount} for number, amount in self._typed()]
        }

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the input at which to show an error, and mark the amount of a wrong line."""
        if len(loc) == 3 and isinstance(loc[1], int):
            self.wrong.add(self._typed()[loc[1]][0])
        return super().place_of(loc)

    @property
    def rows(self) -> list[Row]:
        """Return the lines of the invoice for the page, with the entered amounts."""
        typed = [*self.lines.data, *("" for _line in self.known)]
        return [
            {
                "description": line.description,
                "amount": Money(line.amount_minor, self.invoice.currency),
                "typed": typed[at],
                "is_wrong": line.line_no in self.wrong,
            }
            for at, line in enumerate(self.known)
        ]

    def _typed(self) -> list[tuple[int, str]]:
        return [
            (line.line_no, plain(amount, self.invoice.currency))
            for line, amount in zip(self.known, self.lines.data, strict=False)
            if amount.strip()
        ]
