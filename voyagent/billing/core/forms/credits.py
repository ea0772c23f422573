"""Base form of credit notes and supplier credits, and parameters of their list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from flask_babel import lazy_gettext as _l
from pydantic import BeforeValidator
from wtforms import StringField

from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.queries.credits import CreditSearch
from voyagent.billing.core.schemas.credits import CreditIn
from voyagent.billing.core.schemas.documents import DocumentQuery
from voyagent.http.forms import (
    AMOUNT_SENTENCE,
    DateText,
    SchemaForm,
    SentOnce,
    plain,
    typed_amount,
)
from voyagent.http.list_queries import LABELS, Listing
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Filter
from voyagent.kernel.money import Money

Credit = TypeVar("Credit", bound=CreditIn)
# The input at which each error of the service is shown, by error code.
CREDIT_ERROR_FIELDS = {
    "reason_required": "reason",
    "text_too_long": "reason",
    "invalid_date": "issue_date",
    "date_in_future": "issue_date",
    "document_out_of_order": "out_of_order_reason",
    "line_credited_by_cancellation": "further_credit_reason",
    "period_locked": "issue_date",
    "invalid_amount": "lines",
    "credit_exceeds_line": "lines",
    "credit_exceeds_open": "lines",
    "invoice_written_off": "lines",
    "line_not_on_invoice": "lines",
    "line_not_on_bill": "lines",
    "vendor_reference_required": "vendor_reference",
    "supplier_credit_taken": "vendor_reference",
    "amount_above_limit": "lines",
    "document_not_open": "",
    "account_not_found": "",
    "account_inactive": "",
}


class AmountsField(StringField):
    """The amounts to credit as the user entered them, in the order of the lines."""

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:
        """Use the submitted amounts, or the initial ones if none were submitted."""
        super().process(None, data, extra_filters)
        self.data: list[str] = list(data or [])
        if formdata is not None and "amount" in formdata:
            self.data = formdata.getlist("amount")[: len(self.data)]


class DocumentCreditForm(SentOnce, SchemaForm[Credit]):
    """Form to credit an invoice or a bill.

    Lines without an amount are not credited.
    """

    sentences: ClassVar[dict[str, Any]] = {
        "lines.string_pattern_mismatch": AMOUNT_SENTENCE,
        "lines.too_short": _l("Enter an amount for at least one line."),
    }

    stand_ins: ClassVar[dict[str, Any]] = {"reason": "–"}

    reason = StringField(_l("Reason"))
    issue_date = DateText(_l("Date"), kind="book")
    lines = AmountsField(_l("Lines"))

    document: Invoice | Bill
    known: Sequence[InvoiceLine | BillLine]
    left: Mapping[int, Money]

    @classmethod
    def of(
        cls,
        document: Invoice | Bill,
        lines: Sequence[InvoiceLine | BillLine],
        left: Mapping[int, Money],
        day: date,
        proposed: Mapping[int, Money] | None = None,
    ) -> Self:
        """Return the form to credit a document, filled with proposed amounts of its lines.

        `left` has the amounts that are not credited yet, by line number. These amounts are proposed
        if `proposed` is None; `day` is the proposed issue date.
        """
        amounts = left if proposed is None else proposed
        form = cls(
            data={
                "issue_date": day,
                "lines": [
                    typed_amount(amounts[line.line_no]) if line.line_no in amounts else ""
                    for line in lines
                ],
            }
        )
        form.document, form.known, form.left, form.is_cut = document, lines, left, amounts != left
        form.wrong = set()
        return form

    wrong: set[int]
    is_cut: bool
    """True if the proposed amounts are smaller than the amounts that are not credited yet."""

    def values(self) -> dict[str, Any]:
        """Return the entered values; `lines` has number and amount of the lines to credit."""
        return super().values() | {
            "lines": [{"line_no": number, "amount": amount} for number, amount in self._typed()]
        }

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the input at which to show an error.

        `loc` is the location of the error in the schema. An error of a line also marks the amount
        of that line.
        """
        if len(loc) == 3 and isinstance(loc[1], int):
            self.wrong.add(self._typed()[loc[1]][0])
        return super().place_of(loc)

    @property
    def rows(self) -> list[Row]:
        """Return the document lines for the page.

        Each row has the description, the amount, the amount not credited yet, the entered amount,
        and True in `is_wrong` if the entered amount has an error.
        """
        typed = [*self.lines.data, *("" for _ in self.known)]
        nothing = Money(0, self.document.currency)
        return [
            {
                "description": line.description,
                "amount": Money(line.amount_minor, self.document.currency),
                "left": self.left.get(line.line_no, nothing),
                "typed": typed[at],
                "is_wrong": line.line_no in self.wrong,
            }
            for at, line in enumerate(self.known)
        ]

    def _typed(self) -> list[tuple[int, str]]:
        return [
            (line.line_no, plain(amount, self.document.currency))
            for line, amount in zip(self.known, self.lines.data, strict=False)
            if amount.strip()
        ]


class CreditList(DocumentQuery, Listing):
    """Query parameters of the list of customers' or suppliers' credit notes."""

    endpoint = "billing.credit_notes"
    parameters = ("kind", "q", "party", "from", "to")
    words = LABELS | {"kind": _l("Kind")}
    kind: Annotated[Literal["supplier"] | None, BeforeValidator(lambda value: value or None)] = None
    q: Annotated[str | None, Filter(255)] = None

    def search(self) -> CreditSearch:
        """Return the filters in the type that the queries take."""
        return CreditSearch(None, self.party, self.issued_from, self.issued_to, self.q)

    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs of the list: credit notes to customers and those from suppliers."""
        return self.tabs_of(
            "kind", self.kind, ((None, _l("To customers")), ("supplier", _l("From suppliers")))
        )
