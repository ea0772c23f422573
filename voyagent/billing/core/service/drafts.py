"""Create, change and delete drafts of invoices and bills, with their lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TypedDict, TypeVar, Unpack, cast
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.core.errors import DraftChanged, InvalidInstalmentDates
from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.kinds import DocumentKind, kind_of
from voyagent.billing.core.models.parts import RATE_COLUMNS
from voyagent.billing.core.queries import documents as document_queries, taxes as tax_queries
from voyagent.billing.core.service import exchange, input_taxes, instalments, pricing, taxing
from voyagent.billing.core.service.exchange import RateColumns
from voyagent.billing.core.service.instalments import DueColumns, InstalmentItem, Plan
from voyagent.billing.core.service.pricing import (
    BoughtAs,
    BoughtColumns,
    LineItem,
    Priced,
    SoldAs,
    SoldColumns,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money, wire_amount
from voyagent.kernel.rates import Quote
from voyagent.parties import queries as parties
from voyagent.parties.service.parties import NamedParty
from voyagent.trips.queries import trips

Document = TypeVar("Document", Invoice, Bill)
_FIELD_NAMES = {
    "instalment_dues": "instalments",
    "instalment_minors": "instalments",
    "party_address_id": "customer_address_id",
} | dict.fromkeys(RATE_COLUMNS, "exchange_rate")
"""Names in the audit log of columns that have another name there."""
_REVISED = {"invoice": "invoice.revised", "bill": "bill.revised"}
_DISCARDED = {"invoice": "invoice.discarded", "bill": "bill.discarded"}
_TAXED_BY = {"issue_date", "party_name", "place_of_supply", "customer_tax_number", "customer_pan"}
"""Columns of an invoice that, besides its lines, determine its taxes."""


class FurtherColumns(TypedDict, total=False):
    """Column values that only some drafts have.

    Only bills have `vendor_reference`, only imported documents have `is_opening`, and only invoices
    have the others.
    """

    vendor_reference: str
    is_opening: bool
    place_of_supply: str | None
    customer_tax_number: str | None
    customer_pan: str | None
    party_address_id: UUID | None
    enquiry_id: UUID | None
    session_id: UUID | None
    debits_id: UUID | None


class _ChangedColumns(FurtherColumns, RateColumns, DueColumns, total=False):
    party_id: UUID | None
    party_name: str
    issue_date: date
    party_reference: str | None
    notes: str | None
    trip_id: UUID | None


class DocumentChanges(TypedDict, total=False):
    """Changes of a draft; a key that is absent leaves the field unchanged.

    `party_id` and the party's name may be given together, or only one of them. `line_items`
    replaces all lines. If `currency` changes without `line_items`, the amounts keep their figures.
    """

    party_id: UUID | None
    issue_date: date
    due_date: date | None
    """If None, the first instalment's date, else by the party's payment terms or the issue date."""
    instalments: Sequence[InstalmentItem] | None
    """If None or empty, the whole amount is due on the due date."""
    currency: str
    line_items: Sequence[LineItem]
    exchange_rate: Quote | None
    """The booked exchange rate; it is cleared if only the currency changes."""
    party_reference: str | None
    notes: str | None
    trip_id: UUID | None
    """None removes the document from its trip."""


def create_draft(  # noqa: PLR0913 - each keyword is a field of the document
    actor: Actor,
    model: type[Document],
    *,
    party: NamedParty,
    issue_date: date,
    due_date: date | None,
    line_items: Sequence[LineItem],
    party_reference: str | None,
    notes: str | None,
    trip_id: UUID | None = None,
    instalment_items: Sequence[InstalmentItem] | None = None,
    exchange_rate: Quote | None = None,
    **columns: Unpack[FurtherColumns],
) -> Document:
    """Create a draft of an invoice or bill with its lines and taxes.

    If `due_date` is None, the due date is the date of the first instalment. Without instalments it
    is the due date by the party's payment terms, or the issue date if the party has no terms.
    `columns` has values of columns that only one kind of document, or an import, sets.

    Raises InvalidDate, TextTooLong, TripNotFound, LineNotFound, InstalmentsDoNotAddUp, and the
    errors of `pricing.price`, `instalments.read`, `exchange.booked_columns`, `taxing.classified`,
    `taxing.charge` and `input_taxes.charge`.
    """
    due_day = pricing.due_day(party.terms_days, issue_date, due_date)
    pricing.check_days(issue_date, due_day)
    priced = pricing.price(line_items)
    plan = instalments.read(instalment_items, priced.total.currency, issue_date, due_date)
    dated: DueColumns = {"due_date": due_day, **plan.columns()}
    now = clock.now()
    document = model(
        id=new_id(),
        status="draft",
        issue_date=issue_date,
        currency=priced.total.currency,
        total_minor=priced.total.amount_minor,
        paid_minor=0,
        credited_minor=0,
        party_id=party.id,
        party_name=party.name,
        party_reference=pricing.words(party_reference, 128),
        notes=pricing.words(notes, 2000),
        trip_id=_trip(trip_id),
        created_by_user_id=actor.user_id,
        created_at=now,
        updated_at=now,
        **dated,
        **exchange.booked_columns(actor, exchange_rate, priced.total.currency),
        **columns,
    )
    db.session.add(document)
    db.session.flush()
    _add_lines(document, priced)
    instalments.check_sum(document)
    return document


def party_of(actor: Actor, kind: DocumentKind, fields: Mapping[str, object]) -> NamedParty:
    """Return the party of the fields of a document, by id, name or both.

    Raises the errors of `pricing.party_of`.
    """
    party_id = cast("UUID | None", fields.get("party_id"))
    name = cast("str | None", fields.get(kind.party))
    return pricing.party_of(actor, kind.party_kind, party_id, name)


def changed_party(
    actor: Actor, document: Invoice | Bill, changes: DocumentChanges
) -> NamedParty | None:
    """Return the new party of a draft, or None if it stays.

    Raises the errors of `pricing.party_of`.
    """
    kind = kind_of(document)
    given: Mapping[str, object] = changes
    fields = {name: given[name] for name in ("party_id", kind.party) if name in given}
    if not fields:
        return None
    typed = " ".join(str(fields.get(kind.party) or "").split())
    if fields.get("party_id") is None and typed.lower() == document.party_name.lower():
        fields["party_id"] = document.party_id  # not another party of this name
    return party_of(actor, kind, fields)


def check_draft(document: Invoice | Bill, seen: datetime | None = None) -> None:
    """Check that a document is a draft and has not changed since the caller read it.

    `seen` is the `updated_at` that the caller read. If `seen` is None, only the status is checked.
    Raises DraftChanged, and InvoiceNotDraft or BillNotDraft.
    """
    if document.status != "draft":
        raise kind_of(document).not_draft
    if seen is not None and seen != document.updated_at:
        raise DraftChanged


def revise(
    actor: Actor,
    document: Invoice | Bill,
    columns: FurtherColumns,
    changes: DocumentChanges,
    party: NamedParty | None,
) -> None:
    """Change a draft, and record an audit event if a value differs.

    `columns` has the new values of columns that only invoices or only bills have, and `party` the
    new party, as `changed_party` returns it. `changes` has the other changes.

    Raises TextTooLong, InvalidDate, TripNotFound, LineNotFound, InstalmentsDoNotAddUp, and the
    errors of `pricing.price`, `instalments.read`, `exchange.booked_columns`, `taxing.classified`,
    `taxing.charge` and `input_taxes.charge`.
    """
    kind = kind_of(document)
    columns_to_set: _ChangedColumns = {
        **({} if party is None else {"party_id": party.id, "party_name": party.name}),
        **columns,
        **_rate(actor, document, changes),
        **_common(changes),
    }
    issue_date = columns_to_set.get("issue_date", document.issue_date)
    plan = _plan(document, changes, issue_date)
    if plan.dues or "instalments" in changes:
        columns_to_set = {**columns_to_set, **plan.columns()}
    if "due_date" in columns_to_set and not plan.dues:
        columns_to_set["due_date"] = columns_to_set["due_date"] or pricing.due_day(
            parties.terms_days(document.party_id or document.party_name)
            if party is None
            else party.terms_days,
            issue_date,
        )
    pricing.check_days(issue_date, columns_to_set.get("due_date") or document.due_date)
    changed = []
    for name, value in columns_to_set.items():
        if getattr(document, name) != value:
            setattr(document, name, value)
            changed.append(name)
    if "trip_id" in changed and "line_items" not in changes:
        _forget_trip_lines(document)
    if _replace_lines(document, changes):
        changed.append("line_items")
    elif isinstance(document, Invoice) and _TAXED_BY & set(changed):
        taxing.charge(document, document_queries.get_lines(document))
    elif isinstance(document, Bill) and "issue_date" in changed:
        input_taxes.check(document, (tax.component for tax in tax_queries.get_taxes(document)))
    if not changed:
        return
    document.updated_at = clock.now()
    db.session.flush()
    instalments.check_sum(document)
    names = _FIELD_NAMES | {"party_id": kind.party, "party_name": kind.party}
    audit.record(
        actor,
        _REVISED[kind.name],
        entity_refs=refs_of(document),
        inputs={
            "fields": [
                {"field": name} for name in dict.fromkeys(names.get(name, name) for name in changed)
            ]
        },
        outputs=audit_facts(document),
    )


def discard(actor: Actor, document: Invoice | Bill) -> None:
    """Delete a draft. Raises InvoiceNotDraft or BillNotDraft."""
    check_draft(document)
    refs, outputs = refs_of(document), audit_facts(document)
    db.session.delete(document)
    db.session.flush()
    audit.record(actor, _DISCARDED[kind_of(document).name], entity_refs=refs, outputs=outputs)


def refs_of(document: Invoice | Bill) -> dict[str, UUID]:
    """Return the ids of a document, its enquiry and its trip for an audit event."""
    linked = {"trip_id": document.trip_id}
    if isinstance(document, Invoice):
        linked["enquiry_id"] = document.enquiry_id
    return {kind_of(document).key: document.id} | {
        name: found for name, found in linked.items() if found
    }


def audit_facts(document: Invoice | Bill) -> dict[str, audit.Fact]:
    """Return the facts of a document for the audit log, without the party's name."""
    plan = instalments.plan_of(document)
    due: list[audit.Fact] = [
        {"due_date": day.isoformat(), "amount": wire_amount(minor, document.currency)}
        for day, minor in zip(plan.dues, plan.minors, strict=True)
    ]
    return {
        "total": wire_amount(document.total_minor, document.currency),
        "currency": document.currency,
        "issue_date": document.issue_date.isoformat(),
        "due_date": document.due_date.isoformat(),
    } | ({"instalments": due} if due else {})


def as_item(
    line: InvoiceLine | BillLine, printed: dict[str, int], known: str, wanted: str
) -> LineItem:
    """Return a stored line as input, its amounts moved from `known` to `wanted`.

    The amounts are not converted: USD 100.00 becomes INR 100.00.
    """
    item = LineItem(
        description=line.description,
        quantity=line.exact_quantity,
        unit=line.unit,
        unit_price=Money(line.unit_price_minor, known).decimal,
        discount=Money(line.discount_minor, known).decimal,
        price_includes_tax=line.included_tax_minor is not None,
        currency=wanted,
        service_date=line.service_date,
        service_to=line.service_to,
    )
    if isinstance(line, InvoiceLine):
        item |= {
            "sold_as": cast("SoldAs", line.sold_as),
            "tax": line.tax,
            "collection": line.collection,
            "basic_fare": (
                None
                if line.basic_fare_minor is None
                else Money(line.basic_fare_minor, known).decimal
            ),
            "commission": Money(line.commission_minor, known).decimal,
            "sac": line.sac,
            "place_of_supply": line.place_of_supply,
            "trip_line_id": line.trip_line_id,
            "debits_line_no": line.debits_line_no,
        }
    else:
        taxes = {component: Money(minor, known).decimal for component, minor in printed.items()}
        item |= {
            "bought_as": cast("BoughtAs", line.bought_as),
            "input_taxes": taxes,
            "input_credit": line.input_credit,
        }
    return item


def _plan(document: Invoice | Bill, changes: DocumentChanges, issue_date: date) -> Plan:
    """Return the instalments of a draft after its changes.

    If `changes` has no instalments, the present instalments remain.
    """
    currency = _currency(document, changes)
    if "instalments" in changes:
        return instalments.read(
            changes["instalments"], currency, issue_date, changes.get("due_date")
        )
    plan = instalments.in_currency(instalments.plan_of(document), document.currency, currency)
    instalments.check_days(plan, issue_date)
    if plan.dues and changes.get("due_date") not in (None, plan.dues[0]):
        raise InvalidInstalmentDates
    return plan


def _currency(document: Invoice | Bill, changes: DocumentChanges) -> str:
    lines = changes.get("line_items")
    return lines[0]["currency"] if lines else changes.get("currency", document.currency)


def _rate(actor: Actor, document: Invoice | Bill, changes: DocumentChanges) -> RateColumns:
    """Return the changed exchange rate; a new currency without a rate clears it."""
    currency = _currency(document, changes)
    if "exchange_rate" not in changes and currency == document.currency:
        return {}
    return exchange.booked_columns(actor, changes.get("exchange_rate"), currency)


def _common(changes: DocumentChanges) -> _ChangedColumns:
    """Return the changed column values that invoices and bills share."""
    columns: _ChangedColumns = {}
    if "issue_date" in changes:
        columns["issue_date"] = changes["issue_date"]
    if "due_date" in changes:
        columns["due_date"] = changes["due_date"]
    if "party_reference" in changes:
        columns["party_reference"] = pricing.words(changes["party_reference"], 128)
    if "notes" in changes:
        columns["notes"] = pricing.words(changes["notes"], 2000)
    if "trip_id" in changes:
        columns["trip_id"] = _trip(changes["trip_id"])
    return columns


def _trip(trip_id: UUID | None) -> UUID | None:
    """Return `trip_id` if it is None or a trip of the agency. Raises TripNotFound."""
    return None if trip_id is None else trips.get_trip(trip_id).id


def _forget_trip_lines(document: Invoice | Bill) -> None:
    """Remove the links from a draft's lines to trip lines, because its trip changes."""
    for line in document_queries.get_lines(document):
        if isinstance(line, InvoiceLine):
            line.trip_line_id = None
    db.session.flush()


def _replace_lines(document: Invoice | Bill, changes: DocumentChanges) -> bool:
    """Replace the lines if they or their currency differ; return True if replaced."""
    if (
        "line_items" not in changes
        and changes.get("currency", document.currency) == document.currency
    ):
        return False
    known = document_queries.get_lines(document)
    priced = (
        pricing.price(changes["line_items"])
        if "line_items" in changes
        else _in_currency(document, known, changes["currency"])
    )
    columns = _columns_of(document, priced)
    is_taxed_alike = not isinstance(document, Bill) or _printed(document) == {
        number: taxes for number, taxes in priced.printed() if taxes
    }
    if (
        document.currency == priced.total.currency
        and columns == [_columns_as_entered(line, columns[0]) for line in known]
        and is_taxed_alike
    ):
        return False
    for line in known:
        db.session.delete(line)
    db.session.flush()
    document.currency, document.total_minor = priced.total.currency, priced.total.amount_minor
    _add_lines(document, priced)
    return True


def _columns_of(document: Invoice | Bill, priced: Priced) -> Sequence[SoldColumns | BoughtColumns]:
    if isinstance(document, Invoice):
        return taxing.classified(priced, document.issue_date)
    return list(priced.bought_columns())


def _columns_as_entered(line: InvoiceLine | BillLine, names: Iterable[str]) -> dict[str, object]:
    """Return values of columns of a line before its taxes were computed."""
    values = {name: getattr(line, name) for name in names}
    if isinstance(line, InvoiceLine) and line.included_tax_minor is not None:
        values |= {"amount_minor": line.charged_minor, "included_tax_minor": 0}
    return values


def _printed(bill: Bill) -> dict[int, dict[str, int]]:
    """Return the printed taxes of a bill in minor units, by line number and component."""
    found: dict[int, dict[str, int]] = {}
    for tax in tax_queries.get_taxes(bill):
        found.setdefault(tax.line_no, {})[tax.component] = tax.amount_minor
    return found


def _add_lines(document: Invoice | Bill, priced: Priced) -> None:
    """Add lines and their taxes to a draft.

    Raises LineNotFound if a line names a service that the trip of the document does not have, and
    the errors of `taxing.classified`, `taxing.charge` and `input_taxes.charge`.
    """
    if isinstance(document, Invoice):  # a constraint compares them with the total
        document.tax_minor = document.round_off_minor = 0
    columns = _columns_of(document, priced)
    for line_id in {line.trip_line_id for line in priced.lines if line.trip_line_id}:
        if document.trip_id is None:
            raise trips.LineNotFound
        trips.get_line(document.trip_id, line_id)
    if isinstance(document, Bill):
        db.session.add_all(BillLine(bill_id=document.id, **line) for line in columns)
        db.session.flush()
        input_taxes.charge(document, priced.lines)
        return
    lines = [InvoiceLine(invoice_id=document.id, **line) for line in columns]
    db.session.add_all(lines)
    db.session.flush()
    taxing.charge(document, lines)


def _in_currency(
    document: Invoice | Bill, lines: Sequence[InvoiceLine | BillLine], currency: str
) -> Priced:
    """Return a draft's lines in another currency; USD 100.00 becomes INR 100.00.

    Raises InvalidAmount if an amount has more decimals than the other currency.
    """
    printed = _printed(document) if isinstance(document, Bill) else {}
    return pricing.price(
        [
            as_item(line, printed.get(line.line_no, {}), document.currency, currency)
            for line in lines
        ]
    )
