"""PDF files of billing documents, in the current language.

The PDF of a supplier's document states that it is the agency's record, not the document itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from flask_babel import gettext as _

from voyagent.banking import queries as banking
from voyagent.billing.bills.queries import BillDocument
from voyagent.billing.core.models.parts import OPEN_BILL, OPEN_INVOICE
from voyagent.billing.core.queries import (
    documents as document_queries,
    instalments as instalment_queries,
    taxes as tax_queries,
)
from voyagent.billing.core.queries.credits import CreditDocument
from voyagent.billing.core.rules import credited_minor_of, quantity_words, taxes_by_line
from voyagent.billing.core.words.means import mode_words, money_account
from voyagent.billing.core.words.rates import rate_on_paper
from voyagent.billing.core.words.settled import settled_words
from voyagent.billing.core.words.taxes import (
    draft_title,
    is_under_gst,
    line_notes,
    required_sentences,
    service_note,
    tax_note,
    tax_number_words,
    taxable_total,
    title_of_invoice,
    with_taxes,
)
from voyagent.billing.invoices.queries.documents import InvoiceDocument
from voyagent.billing.paper.documents.letter import Letter
from voyagent.billing.payments.queries.documents import PaymentDocument
from voyagent.billing.vouchers.queries import RefundVoucherDocument, VoucherDocument
from voyagent.billing.vouchers.words import (
    place_of_advance,
    service_of_advance,
    taxes_of_advance,
    value_of_advance,
)
from voyagent.http.files import file_name
from voyagent.http.template_filters import amount, long_day, symbol_money
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.mail.service import Attached
from voyagent.settings import queries as settings
from voyagent.taxes.words import place_of_supply


def document_of(
    reader: Reader, document: InvoiceDocument, agency: str, *, is_settlement: bool = False
) -> Attached:
    """Return an invoice as a PDF with payments, credits and what is due now.

    The PDF of a draft says that it is a draft, and that of a void invoice has a stamp. With
    `is_settlement` the title and a note say that the PDF is not the invoice.
    """
    invoice, issued = document.invoice, _issued(document)
    status, currency = invoice["status"], invoice["currency"]
    letter = replace(
        issued,
        title=draft_title(invoice) if status == "draft" else issued.title,
        stamp=_("Void") if status == "void" else "",
        facts=_facts(invoice, invoice["due_date"]),
        settled=_settled(document, currency),
        due=_due(invoice, Money(document_queries.open_minor_of(invoice), currency)),
        plan=_plan(invoice, is_live=status not in ("draft", "void")),
        asks_for_payment=status != "void",
    )
    if is_settlement:
        note = _("This is not an invoice. It shows what was paid and credited until today.")
        letter = replace(
            letter,
            file=file_name("settlement", invoice["number"] or "draft"),
            title=_("Settlement of invoice"),
            notes="\n".join(filter(None, (note, letter.notes))),
        )
    return letter.typeset(_letterhead(reader, currency), agency)


def issued_invoice_of(reader: Reader, document: InvoiceDocument, agency: str) -> Attached:
    """Return an invoice as a PDF as it was issued, without later payments or credits."""
    letterhead = _letterhead(reader, document.invoice["currency"])
    return _issued(document).typeset(letterhead, agency)


def _letterhead(reader: Reader, currency: str) -> Row:
    """Return the letterhead of an invoice, with the bank accounts in its currency."""
    return banking.with_printed(reader, settings.read_letterhead(reader), currency)


def _issued(document: InvoiceDocument) -> Letter:
    """Return the contents of an invoice as issued, with notes on its taxes."""
    invoice, currency = document.invoice, document.invoice["currency"]
    total = Money(invoice["total_minor"], currency)
    lines = with_taxes(document.lines, document.taxes, currency)
    shows_tax = any(line["tax_words"] for line in lines)
    shows_discount = any(line["discount_minor"] for line in lines)
    notes = required_sentences(document.lines, document.taxes)
    due_date = (invoice["instalment_dues"] or [invoice["due_date"]])[0]
    return Letter(
        file=file_name("invoice", invoice["number"] or "draft"),
        title=title_of_invoice(invoice, document.lines, document.taxes),
        number=invoice["number"] or _("Numbered on issue"),
        lead=_("Billed to"),
        party=invoice["party_name"],
        party_line=_party_lines(invoice),
        facts=_facts(invoice, due_date),
        columns=[
            *(_("Description"), *_price_columns(shows_discount=shows_discount)),
            *((_("Taxable value"), _("Tax")) if shows_tax else ()),
        ],
        rows=[
            [
                "\n".join((line["description"], *line_notes(line))),
                *_price_cells(line, currency, shows_discount=shows_discount),
                *(_tax_cells(line) if shows_tax else ()),
            ]
            for line in lines
        ],
        total_label=_("Total"),
        total=total,
        parts=_parts(document.taxes, invoice, taxable_total(lines, currency)),
        rate=rate_on_paper(invoice, _day) or "",
        due=_amount_due(invoice, due_date, total),
        plan_label=_("Instalments"),
        plan=_plan(invoice, is_live=False),
        asks_for_payment=True,
        notes_label=_("Please note"),
        notes="\n".join(filter(None, (invoice["notes"], *notes))),
        is_signed=is_under_gst(document.lines, document.taxes),
    )


def credit_note_of(
    reader: Reader, document: CreditDocument, agency: str, *, as_issued: bool = False
) -> Attached:
    """Return a credit note as a PDF, with its invoice, its lines and the reason.

    A reversed credit note has a stamp, except with `as_issued`.
    """
    note, currency = document.credit, document.credit["currency"]
    lines = with_taxes(document.lines, document.taxes, currency)
    shows_tax = bool(document.taxes)
    of_day = _("of %(day)s", day=_day(note["invoice_date"]))
    letter = Letter(
        file=file_name("credit-note", note["number"]),
        title=_("Credit note"),
        number=note["number"],
        stamp=_("Reversed") if note["reversed_on"] and not as_issued else "",
        lead=_("Credited to"),
        party=note["party_name"],
        party_line=_party_lines(note),
        facts=[
            (_("Issued"), _day(note["issue_date"])),
            (_("On invoice"), "\n".join((note["invoice_number"], of_day))),
            (_("Place of supply"), place_of_supply(note["place_of_supply"])),
        ],
        columns=[
            *(_("Description"), _("Amount")),
            *((_("Taxable value"), _("Tax")) if shows_tax else ()),
        ],
        rows=[
            [
                line["description"],
                _amount(line["amount_minor"], currency),
                *(_tax_cells(line) if shows_tax else ()),
            ]
            for line in lines
        ],
        total_label=_("Total"),
        total=Money(note["total_minor"], currency),
        parts=_parts(document.taxes, note, taxable_total(lines, currency)),
        notes_label=_("Reason"),
        notes=note["reason"],
        is_signed=is_under_gst((), document.taxes),
    )
    return letter.typeset(settings.read_letterhead(reader), agency)


def payment_of(reader: Reader, document: PaymentDocument, agency: str) -> Attached:
    """Return a payment as a PDF, with the settled documents and refunds."""
    payment, currency = document.payment, document.payment["currency"]
    is_in = payment["direction"] == "in"
    left = payment["amount_minor"] - payment["allocated_minor"] - payment["refunded_minor"]
    unused = _("Unused") if payment["credit_note_id"] is not None else _("Advance")
    rows = [
        [_document(row), _day(row["effective_on"]), _amount(row["amount_minor"], currency)]
        for row in document.allocations
        if not row["is_over"]
    ]
    refunded = [
        [
            _("Refund %(number)s", number=row["number"]),
            _day(row["refunded_on"]),
            _amount(row["amount_minor"], currency),
        ]
        for row in document.refunds
        if row["reversed_on"] is None
    ]
    is_credit = payment["credit_note_id"] is not None
    letter = Letter(
        file=file_name(
            "customer-credit" if is_credit else "receipt" if is_in else "payment",
            payment["number"],
        ),
        title=_("Customer credit") if is_credit else _("Receipt") if is_in else _("Payment"),
        number=payment["number"],
        lead=_("Credit of") if is_credit else _("Received from") if is_in else _("Paid to"),
        party=payment["party_name"],
        facts=[
            (_("Day"), _day(payment["paid_on"])),
            (_("From") if is_credit else _("Bank or cash"), money_account(payment)),
            (
                _("Paid by"),
                mode_words(
                    payment, _day(payment["instrument_on"]) if payment["instrument_on"] else ""
                ),
            ),
            (_("Tax deducted (TDS)"), _deducted(payment)),
            (_("Reference"), payment["reference"] or ""),
        ],
        stamp=_("Reversed") if payment["reversed_on"] else "",
        columns=[_("Invoice") if is_in else _("Bill"), _("From"), _("Amount")],
        rows=[*rows, *refunded, *([[unused, "", _amount(left, currency)]] if left else [])],
        total_label=_("Credit") if is_credit else _("Received") if is_in else _("Paid"),
        total=Money(payment["amount_minor"] - payment["tds_minor"], currency),
    )
    return letter.typeset(settings.read_letterhead(reader), agency)


def receipt_voucher_of(
    reader: Reader, document: VoucherDocument, agency: str, *, as_issued: bool = False
) -> Attached:
    """Return a receipt voucher as a PDF, with the fields of Rule 50 of the CGST Rules.

    A reversed voucher has a stamp, except with `as_issued`.
    """
    voucher = document.voucher
    return _voucher_of(
        reader,
        voucher,
        agency,
        file="receipt-voucher",
        title=_("Receipt voucher"),
        lead=_("Received from"),
        facts=[
            (_("Issued"), _day(voucher["issued_on"])),
            (_("Receipt"), f"{voucher['payment_number']}\n{_day(voucher['paid_on'])}"),
        ],
        total_label=_("Advance received"),
        is_reversed=bool(voucher["reversed_on"]) and not as_issued,
    )


def refund_voucher_of(
    reader: Reader, document: RefundVoucherDocument, agency: str, *, as_issued: bool = False
) -> Attached:
    """Return a refund voucher as a PDF, with the fields of Rule 51 of the CGST Rules.

    The voucher of a reversed refund has a stamp, except with `as_issued`.
    """
    voucher = document.voucher
    of_day = _("of %(day)s", day=_day(voucher["issued_on"]))
    return _voucher_of(
        reader,
        voucher,
        agency,
        file="refund-voucher",
        title=_("Refund voucher"),
        lead=_("Refunded to"),
        facts=[
            (_("Issued"), _day(voucher["used_on"])),
            (_("Receipt voucher"), f"{voucher['receipt_voucher_number']}\n{of_day}"),
            (_("Refund"), voucher["refund_number"]),
        ],
        total_label=_("Advance refunded"),
        is_reversed=bool(voucher["reversed_on"]) and not as_issued,
    )


def _voucher_of(  # noqa: PLR0913 - each keyword is a part of the paper
    reader: Reader,
    voucher: Row,
    agency: str,
    *,
    file: str,
    title: str,
    lead: str,
    facts: Sequence[tuple[str, str]],
    total_label: str,
    is_reversed: bool,
) -> Attached:
    """Return a receipt voucher or refund voucher as a PDF."""
    currency = voucher["currency"]
    letter = Letter(
        file=file_name(file, voucher["number"]),
        title=title,
        number=voucher["number"],
        stamp=_("Reversed") if is_reversed else "",
        lead=lead,
        party=voucher["party_name"],
        party_line=_party_lines(voucher),
        facts=[*facts, (_("Place of supply"), place_of_advance(voucher))],
        columns=[_("Description"), _("Taxable value"), _("Tax"), _("Amount")],
        rows=[
            [
                service_of_advance(voucher),
                amount(value_of_advance(voucher)),
                "\n".join(taxes_of_advance(voucher)),
                _amount(voucher["amount_minor"], currency),
            ]
        ],
        total_label=total_label,
        total=Money(voucher["amount_minor"], currency),
        notes_label=_("Please note"),
        notes=_("Tax payable on reverse charge: No"),
        is_signed=True,
    )
    return letter.typeset(settings.read_letterhead(reader), agency)


def _deducted(payment: Row) -> str:
    """Return the tax that the payer deducted, with its section, or an empty text."""
    if not payment["tds_minor"]:
        return ""
    amount = _amount(payment["tds_minor"], payment["currency"])
    return f"{amount}, {_('section %(code)s', code=payment['tds_section'])}"


def bill_of(reader: Reader, document: BillDocument, agency: str) -> Attached:
    """Return the agency's record of a bill as a PDF, with taxes, payments and credits."""
    bill, currency = document.bill, document.bill["currency"]
    still_open = document_queries.open_minor_of(bill)
    paid = [
        (_("Paid %(day)s", day=_day(row["paid_on"])), _amount(-row["amount_minor"], currency))
        for row in document.payments
    ]
    taxes = taxes_by_line(document.taxes)
    notes = [
        [*service_note(line), tax_note(line, taxes[line["line_no"]], currency)]
        for line in document.lines
    ]
    shows_discount = any(line["discount_minor"] for line in document.lines)
    letter = Letter(
        file=file_name("bill", bill["vendor_reference"]),
        title=_("Supplier bill"),
        number=bill["vendor_reference"],
        stamp={"draft": _("Draft"), "void": _("Void")}.get(bill["status"], ""),
        lead=_("Billed by"),
        party=bill["party_name"],
        facts=[
            (_("Issued"), _day(bill["issue_date"])),
            (_("Due"), _day(bill["due_date"])),
            (_("To be paid on"), _day(bill["pay_on"]) if bill["status"] == "scheduled" else ""),
            (_("Our reference"), bill["party_reference"] or ""),
        ],
        columns=[_("Description"), *_price_columns(shows_discount=shows_discount)],
        rows=[
            [
                "\n".join(filter(None, (line["description"], *of_line))),
                *_price_cells(line, currency, shows_discount=shows_discount),
            ]
            for line, of_line in zip(document.lines, notes, strict=True)
        ],
        total_label=_("Total"),
        total=Money(bill["total_minor"], currency),
        parts=_parts(document.taxes, bill),
        rate=rate_on_paper(bill, _day) or "",
        settled=[
            *paid,
            *(
                [(_("Credited"), _amount(-bill["credited_minor"], currency))]
                if bill["credited_minor"]
                else []
            ),
        ],
        due=(
            (_("Amount due"), symbol_money(Money(still_open, currency)))
            if bill["status"] in OPEN_BILL
            else None
        ),
        plan_label=_("Instalments"),
        plan=_plan(bill, is_live=bill["status"] not in ("draft", "void")),
        notes_label=_("Please note"),
        notes="\n".join(filter(None, (bill["notes"], _our_record()))),
    )
    return letter.typeset(settings.read_letterhead(reader), agency)


def supplier_credit_of(reader: Reader, document: CreditDocument, agency: str) -> Attached:
    """Return the agency's record of a supplier credit as a PDF."""
    credit, currency = document.credit, document.credit["currency"]
    letter = Letter(
        file=file_name("supplier-credit", credit["vendor_reference"]),
        title=_("Supplier credit note"),
        number=credit["vendor_reference"],
        stamp=_("Reversed") if credit["reversed_on"] else "",
        lead=_("Credited by"),
        party=credit["party_name"],
        facts=[(_("Issued"), _day(credit["issue_date"])), (_("On bill"), credit["bill_reference"])],
        columns=[_("Description"), _("Amount")],
        rows=[
            [line["description"], _amount(line["amount_minor"], currency)]
            for line in document.lines
        ],
        total_label=_("Total"),
        total=Money(credit["total_minor"], currency),
        parts=_parts(document.taxes, credit),
        notes_label=_("Reason"),
        notes=f"{credit['reason']}\n{_our_record()}",
    )
    return letter.typeset(settings.read_letterhead(reader), agency)


def _our_record() -> str:
    return str(_("This is our record of the supplier’s document, not the document itself."))


def _party_lines(document: Row) -> str:
    """Return address and tax number of the customer, each on its own lines."""
    number = tax_number_words(document["customer_tax_number"])
    return "\n".join(filter(None, (document["party_address"], number)))


def _price_columns(*, shows_discount: bool) -> list[str]:
    discount = [_("Discount")] if shows_discount else []
    return [_("Qty"), _("Rate"), *discount, _("Amount")]


def _price_cells(line: Row, currency: str, *, shows_discount: bool) -> list[str]:
    """Return the cells of a line in the columns that `_price_columns` names."""
    minor = line["discount_minor"]
    discount = [_amount(-minor, currency) if minor else ""] if shows_discount else []
    return [
        quantity_words(line),
        _amount(line["unit_price_minor"], currency),
        *discount,
        _amount(line["amount_minor"], currency),
    ]


def _tax_cells(line: Row) -> tuple[str, str]:
    taxable = line["taxable"]
    return "" if taxable is None else amount(taxable), "\n".join(line["tax_words"])


def _parts(taxes: list[Row], document: Row, taxable: Money | None = None) -> list[tuple[str, str]]:
    """Return labels and amounts: before tax, taxable value, taxes, rounding and TCS.

    The list is empty if there are neither taxes nor a rounding.
    """
    moved = document.get("round_off_minor", 0)  # bills are never rounded
    if not taxes and not moved:
        return []
    currency = document["currency"]
    net = _amount(document["total_minor"] - document["tax_minor"] - moved, currency)
    sums = tax_queries.sum_taxes(taxes, currency)
    return [
        (_("Before tax") if taxes else _("Before rounding"), net),
        *([(_("Taxable value"), amount(taxable))] if taxable else []),
        *((tax["words"], amount(tax["amount"])) for tax in sums if not tax["is_collected"]),
        *([(_("Round-off"), _amount(moved, currency))] if moved else []),
        *((tax["words"], amount(tax["amount"])) for tax in sums if tax["is_collected"]),
    ]


def _settled(document: InvoiceDocument, currency: str) -> list[tuple[str, str]]:
    """Return payments, credits and write-offs as labels with negative amounts."""
    received = [
        (_("Received %(day)s", day=_day(paid["paid_on"])), _amount(-paid["amount_minor"], currency))
        for paid in document.payments
    ]
    invoice = document.invoice
    lessened = [
        (_("Credited"), credited_minor_of(invoice)),
        (_("Credited to the customer’s account"), -invoice["excess_minor"]),
        (_("Written off"), invoice["written_off_minor"]),
    ]
    return [*received, *((label, _amount(-minor, currency)) for label, minor in lessened if minor)]


def _due(invoice: Row, still_open: Money) -> tuple[str, str] | None:
    """Return the amount due with its label, or None for a draft or void invoice."""
    if (settled := settled_words(invoice)) is not None:
        return settled, symbol_money(still_open)
    if invoice["status"] not in OPEN_INVOICE:
        return None
    return _amount_due(invoice, invoice["due_date"], still_open)


def _amount_due(invoice: Row, due_date: date, amount_due: Money) -> tuple[str, str]:
    label = (
        _("Amount due")
        if invoice["instalment_dues"]
        else _("Amount due by %(day)s", day=_day(due_date))
    )
    return label, symbol_money(amount_due)


def _facts(invoice: Row, due_date: date) -> list[tuple[str, str]]:
    debited = [
        (
            _("On invoice"),
            f"{invoice['debits_number']}\n{_('of %(day)s', day=_day(invoice['debits_on']))}",
        )
    ]
    return [
        *(debited if invoice["debits_id"] else []),
        (_("Issued"), _day(invoice["issue_date"])),
        (_("Due"), _day(due_date)),
        (_("Your reference"), invoice["party_reference"] or ""),
        (_("Place of supply"), place_of_supply(invoice["place_of_supply"])),
    ]


def _plan(document: Row, *, is_live: bool) -> list[tuple[str, str]]:
    """Return the instalments as pairs of a label and an amount.

    With `is_live` the amounts are those that are still open, else the whole amounts.
    """
    rows = []
    for one in instalment_queries.instalments_of(document):
        day, whole = _day(one.due_date), _amount(one.amount_minor, document["currency"])
        if not is_live or one.open_minor == one.amount_minor:
            rows.append((_("Due %(day)s", day=day), whole))
        elif one.open_minor:
            rows.append(
                (
                    _("Due %(day)s, of %(amount)s", day=day, amount=whole),
                    _amount(one.open_minor, document["currency"]),
                )
            )
        else:
            rows.append((_("Due %(day)s, %(amount)s", day=day, amount=whole), _("Settled")))
    return rows


def _day(day: date) -> str:
    return long_day(day, weekday=False, year=True)


def _amount(minor: int, currency: str) -> str:
    return amount(Money(minor, currency))


def _document(row: Row) -> str:
    """Return the reference of the document that an allocation settles.

    If the document and the payment have different currencies, the settled amount follows in the
    document's currency: `INV-7, USD 100.00`.
    """
    if row["settled_minor"] is None:
        return str(row["reference"])
    return (
        f"{row['reference']}, {row['document_currency']}"
        f" {_amount(row['settled_minor'], row['document_currency'])}"
    )
