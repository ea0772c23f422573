"""What "granted" means for invoices: drawing one up, issuing one; and what the reviewer sees of it
beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import format_date, gettext

from voyagent.approvals import effects
from voyagent.approvals.effects import (
    CheckShown,
    Description,
    DocumentShown,
    Effect,
    FactShown,
    Measured,
    MoneyShown,
    RowShown,
    Standing,
)
from voyagent.billing import queries, service
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.models import Invoice
from voyagent.billing.names import check_name
from voyagent.billing.schemas import CreateInvoiceIn, DraftInvoiceIn, IssueInvoiceIn
from voyagent.billing.tax_rows import summed
from voyagent.enquiries import queries as enquiries
from voyagent.identity.permissions import Role
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money, spoken, wire_amount

APPROVERS = frozenset({Role.ACCOUNTING_LEAD.value, Role.AGENCY_ADMIN.value})
_ALIKE_DAYS = 30


def run_draft(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Draw the invoice up. Raises InvalidArguments and whatever `service.draft_invoice` raises."""
    wanted = effects.read_arguments(DraftInvoiceIn, arguments)
    invoice = service.draft_invoice(
        actor,
        customer_name=wanted.customer_name,
        issue_date=wanted.issue_date,
        due_date=wanted.due_date,
        line_items=[line.item() for line in wanted.line_items],
        number=wanted.number,
        party_reference=wanted.party_reference,
        notes=wanted.notes,
        enquiry_id=wanted.enquiry_id,
        trip_id=wanted.trip_id,
    )
    return {"drafted": True} | _told(invoice)


def run_issue(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Issue the draft. Raises InvalidArguments and whatever `service.issue_invoice` raises."""
    invoice = service.issue_invoice(
        actor, effects.read_arguments(IssueInvoiceIn, arguments).invoice_id
    )
    return {"issued": True} | _told(invoice)


def run_create(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Draw the invoice up and issue it.

    Raises InvalidArguments and whatever `service.create_invoice` raises.
    """
    wanted = effects.read_arguments(CreateInvoiceIn, arguments).invoice
    address = gettext("Billed to: %(address)s", address=wanted.billing_address.plain)
    invoice = service.create_invoice(
        actor,
        number=wanted.invoice_number,
        enquiry_id=wanted.client_id,
        issue_date=wanted.issue_date,
        due_date=wanted.due_date,
        line_items=wanted.items,
        notes="\n".join(filter(None, (address, wanted.notes))),
    )
    return {"created": True, "invoice_number": invoice.number} | _told(invoice)


def describe_draft(actor: Actor, arguments: dict[str, Any]) -> Description:
    """The draft as a document; nothing is posted by it.

    Raises what `run_draft` would, so that a proposal that cannot be carried out says so.
    """
    wanted = effects.read_arguments(DraftInvoiceIn, arguments)
    name = service.party(wanted.customer_name)
    service.check_days(wanted.issue_date, wanted.due_date)
    priced = service.price([line.item() for line in wanted.line_items])
    if wanted.number:
        raise service.InvoiceNumberConflict
    reader = SessionReader(db.session)
    moved = service.round_off(priced.total)
    total = priced.total + moved
    rows = [
        *(_row(line.description, line.quantity, line.amount) for line in priced.lines),
        *_rounded(moved),
    ]
    return Description(
        title=gettext("Draft an invoice for %(name)s", name=name),
        undo=gettext("A draft posts nothing"),
        document=_document(gettext("Draft invoice"), name, wanted.issue_date, rows, total),
        facts=[
            FactShown(label=gettext("Issued"), value=_day(wanted.issue_date)),
            FactShown(label=gettext("Due"), value=_day(wanted.due_date)),
            FactShown(
                label=gettext("Posted"),
                value=gettext("Nothing yet. Issuing it needs a separate approval."),
            ),
        ],
        checks=[
            *check_name(reader, name, "customer"),
            _check_terms(wanted.issue_date, wanted.due_date),
            _check_alike(reader, actor, name, total),
        ],
    )


def describe_issue(actor: Actor, arguments: dict[str, Any]) -> Description:
    """The document, and what was looked at; the lines and what the customer owes are the
    rehearsal's. Raises InvoiceNotFound, InvoiceNotDraft.
    """
    invoice = queries.get_invoice(effects.read_arguments(IssueInvoiceIn, arguments).invoice_id)
    if invoice.status != "draft":
        raise service.InvoiceNotDraft
    reader = SessionReader(db.session)
    total = Money(invoice.total_minor, invoice.currency)
    rows = [
        _row(line.description, line.quantity, Money(line.amount_minor, invoice.currency))
        for line in queries.get_lines(invoice)
    ]
    rows += [
        _row(tax["words"], 1, tax["amount"])
        for tax in summed(queries.read_taxes(reader, invoice.id), invoice.currency)
    ]
    rows += _rounded(Money(invoice.round_off_minor, invoice.currency))
    year = service.year_of(invoice.issue_date)
    document = _document(gettext("Invoice"), invoice.party_name, invoice.issue_date, rows, total)
    document["number"] = gettext("next number of %(year)s", year=year)
    return Description(
        title=gettext("Issue the invoice for %(name)s", name=invoice.party_name),
        undo=gettext("Reversible with a credit note"),
        document=document,
        checks=[
            _check_terms(invoice.issue_date, invoice.due_date),
            _check_day(actor, invoice.issue_date),
            _check_alike(reader, actor, invoice.party_name, total, invoice),
        ],
        facts=[
            FactShown(
                label=gettext("Revenue on %(day)s", day=_day(one.day)),
                value=spoken(one.amount.wire, one.amount.currency),
            )
            for one in service.recognitions_of(invoice)
        ],
    )


def describe_create(actor: Actor, arguments: dict[str, Any]) -> Description:
    """The invoice as a document with the number that it will have; the lines and what the customer
    owes are the rehearsal's.

    Raises what the input alone is refused for, EnquiryNotFound, and NumberIsNotNext where the
    number is not the next one.
    """
    wanted = effects.read_arguments(CreateInvoiceIn, arguments).invoice
    name = enquiries.get_enquiry(wanted.client_id).customer_name
    due = service.due_day(name, wanted.issue_date, wanted.due_date)
    service.check_days(wanted.issue_date, due)
    priced = service.price(wanted.items)
    if wanted.invoice_number != service.next_number(service.INVOICE_SERIES, wanted.issue_date):
        raise service.NumberIsNotNext
    reader = SessionReader(db.session)
    moved = service.round_off(priced.total)
    total = priced.total + moved
    rows = [
        *(_row(line.description, line.quantity, line.amount) for line in priced.lines),
        *_rounded(moved),
    ]
    document = _document(gettext("Invoice"), name, wanted.issue_date, rows, total)
    document["number"] = wanted.invoice_number
    return Description(
        title=gettext(
            "Create invoice %(number)s for %(name)s", number=wanted.invoice_number, name=name
        ),
        undo=gettext("Reversible with a credit note"),
        document=document,
        facts=[
            FactShown(label=gettext("Issued"), value=_day(wanted.issue_date)),
            FactShown(label=gettext("Due"), value=_day(due)),
            FactShown(label=gettext("Billed to"), value=wanted.billing_address.plain),
        ],
        checks=[
            _check_terms(wanted.issue_date, due),
            _check_day(actor, wanted.issue_date),
            _check_alike(reader, actor, name, total),
        ],
    )


def measure_create(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """What the customer owes."""
    wanted = effects.read_arguments(CreateInvoiceIn, arguments).invoice
    name = enquiries.get_enquiry(wanted.client_id).customer_name
    owed = Money(
        open_items.party_open(SessionReader(db.session), "receivable", name, wanted.currency),
        wanted.currency,
    )
    label = gettext("Balance of %(name)s", name=name)
    due = service.due_day(name, wanted.issue_date, wanted.due_date)
    return Measured(
        standings=[Standing(key=name, label=label, amount=_money(owed), note=_due(due))]
    )


def measure_issue(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """What the customer owes."""
    invoice = queries.get_invoice(effects.read_arguments(IssueInvoiceIn, arguments).invoice_id)
    owed = Money(
        open_items.party_open(
            SessionReader(db.session), "receivable", invoice.party_name, invoice.currency
        ),
        invoice.currency,
    )
    label = gettext("Balance of %(name)s", name=invoice.party_name)
    return Measured(
        standings=[
            Standing(
                key=invoice.party_name,
                label=label,
                amount=_money(owed),
                note=_due(invoice.due_date),
            )
        ]
    )


def worth_of_draft(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """The total of the draft. Raises InvalidArguments and what `service.price` raises."""
    return _worth(
        [line.item() for line in effects.read_arguments(DraftInvoiceIn, arguments).line_items]
    )


def worth_of_create(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """The total of the invoice. Raises InvalidArguments and what `service.price` raises."""
    return _worth(effects.read_arguments(CreateInvoiceIn, arguments).invoice.items)


def worth_of_issue(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """The total of the invoice. Raises InvalidArguments, InvoiceNotFound."""
    invoice = queries.get_invoice(effects.read_arguments(IssueInvoiceIn, arguments).invoice_id)
    return Money(invoice.total_minor, invoice.currency)


def _worth(items: Sequence[service.LineItem]) -> Money:
    total = service.price(items).total
    return total + service.round_off(total)


def _rounded(moved: Money) -> list[RowShown]:
    """What a total is rounded by as a row, none where it is not."""
    return [_row(gettext("Round-off"), 1, moved)] if moved else []


def _told(invoice: Invoice) -> dict[str, Any]:
    """The tool's answer: the API's names, and what a sentence about it needs."""
    return {
        "invoice_id": str(invoice.id),
        "number": invoice.number,
        "total_amount": wire_amount(invoice.total_minor, invoice.currency),
        "currency": invoice.currency,
        "status": invoice.status,
        "customer_name": invoice.party_name,
        "due_date": invoice.due_date.isoformat(),
    }


def _document(
    title: str, party: str, issue_date: date, rows: Sequence[RowShown], total: Money
) -> DocumentShown:
    return DocumentShown(
        title=title,
        date=_day(issue_date),
        day=issue_date.isoformat(),
        party=party,
        rows=list(rows),
        total=_money(total),
    )


def _row(description: str, quantity: int, amount: Money) -> RowShown:
    each = wire_amount(
        amount.amount_minor // quantity, amount.currency
    )  # exact: a line is quantity times price
    return RowShown(
        text=(
            description
            if quantity == 1
            else f"{description}, {quantity} × {spoken(each, amount.currency)}"
        ),
        amount=amount.wire,
    )


def _check_terms(issue_date: date, due_date: date) -> CheckShown:
    days = (due_date - issue_date).days
    if days > 180:
        return CheckShown(
            ok=False, text=gettext("Due %(days)s days after issue, longer than usual", days=days)
        )
    return CheckShown(
        ok=True,
        text=(
            gettext("Due %(days)s days after issue", days=days)
            if days
            else gettext("Due on the day of issue")
        ),
    )


def _check_day(actor: Actor, issue_date: date) -> CheckShown:
    apart = (issue_date - clock.today(actor.timezone)).days
    if apart == 0:
        return CheckShown(ok=True, text=gettext("Issued today"))
    if other := service.other_year(issue_date, clock.today(actor.timezone)):
        words = gettext(
            "Booked on %(day)s, in a different financial year: %(year)s",
            day=_day(issue_date),
            year=other.year,
        )
        return CheckShown(ok=False, text=words)
    return CheckShown(ok=abs(apart) <= 7, text=gettext("Booked on %(day)s", day=_day(issue_date)))


def _check_alike(
    reader: Reader, actor: Actor, party: str, total: Money, besides: Invoice | None = None
) -> CheckShown:
    since = clock.today(actor.timezone) - timedelta(days=_ALIKE_DAYS)
    alike = queries.find_alike(
        reader,
        party,
        total.amount_minor,
        total.currency,
        since=since,
        besides=besides.id if besides else None,
    )
    if not alike:
        return CheckShown(
            code="alike",
            ok=True,
            text=gettext(
                "No other invoice of the same amount for this customer in the last 30 days"
            ),
        )
    which = alike[0]["number"] or gettext("a draft")
    return CheckShown(
        code="alike",
        ok=False,
        text=gettext(
            "Possible duplicate: another invoice of the same amount for this customer, %(which)s",
            which=which,
        ),
    )


def _due(due_date: date) -> str:
    return str(gettext("Due %(day)s", day=_day(due_date)))


def _money(amount: Money) -> MoneyShown:
    return MoneyShown(amount=amount.wire, currency=amount.currency)


def _day(day: date) -> str:
    return str(format_date(day, "d MMM y"))


DRAFT = effects.register(
    Effect(
        "draft_invoice",
        APPROVERS,
        "Draft an invoice",
        money=True,
        reversible=True,
        run=run_draft,
        permission="invoice.draft",
        describe=describe_draft,
        amount=worth_of_draft,
        schema=DraftInvoiceIn,
    )
)
ISSUE = effects.register(
    Effect(
        "issue_invoice",
        APPROVERS,
        "Issue an invoice",
        money=True,
        reversible=True,
        run=run_issue,
        permission="invoice.issue",
        describe=describe_issue,
        measure=measure_issue,
        amount=worth_of_issue,
    )
)
CREATE = effects.register(
    Effect(
        "create_invoice",
        APPROVERS,
        "Create an invoice",
        money=True,
        reversible=True,
        run=run_create,
        permission="invoice.issue",
        describe=describe_create,
        measure=measure_create,
        amount=worth_of_create,
        schema=CreateInvoiceIn,
    )
)
