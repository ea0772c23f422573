"""Taxes of an invoice, at the rates of the date of supply.

Taxes are computed for the draft and again at issue. GST depends on the place of supply. The place
of supply is the state that the caller gives, else the state in the buyer's GSTIN, else the state
stored for the party. A line may have a place of its own: the state of a hotel, or that in which a
journey begins (section 12(3) and (9) of the IGST Act). If the place of supply is the agency's own
state, the supply is intra-state (`taxes.rules.calculation.supply_between`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import delete, select

from voyagent.billing.core.errors import (
    BasicFareOutOfRange,
    BasicFareRequired,
    CommissionOutOfRange,
    InvalidServiceCode,
    LinePlaceNotAllowed,
    PlacesDiffer,
    SuppliesDiffer,
    TaxInAnotherCurrency,
    TaxNumberMissing,
    TreatmentNotForCustomer,
)
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine, InvoiceTax
from voyagent.billing.core.queries import (
    documents as document_queries,
    recognitions as queries_recognitions,
    taxes as tax_queries,
)
from voyagent.billing.core.queries.tax_confirmations import confirmed_treatments
from voyagent.billing.core.rules import Parts, Supply, place_of_supply, supplies_of
from voyagent.billing.core.service import earning, numbering, pricing, rounding
from voyagent.billing.core.service.crediting import CreditedLine, CreditedTax
from voyagent.billing.core.service.earning import COMMISSION, EARNED, KEPT, SALES, Recognition
from voyagent.billing.core.service.pricing import LineItem, Priced, SoldColumns
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger.queries.party_lines import PartyRef
from voyagent.parties import queries as parties
from voyagent.settings.queries import get_settings
from voyagent.taxes.rules import calculation, numbers, tables
from voyagent.taxes.rules.calculation import PlaceOfSupplyMissing, Taxed
from voyagent.taxes.rules.tables import COLLECTED, UnknownState, is_taxable, recipient_of

OUTPUT = {
    "cgst": "output_cgst",
    "sgst": "output_sgst",
    "igst": "output_igst",
    "vat": "output_vat",
    COLLECTED: "tcs_payable",
}
"""Key of the account of each tax component on sales."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Place of supply and tax numbers of the buyer, which determine the taxes.

    `place` is a state code, `tax_number` the GSTIN, and `pan` the Indian tax account number.
    """

    place: str | None = None
    tax_number: str | None = None
    pan: str | None = None

    @classmethod
    def read(cls, place: str | None, tax_number: str | None, pan: str | None) -> Buyer:
        """Return the buyer, with state and PAN from the GSTIN where they are not given.

        `tax_number` is a GSTIN, an Indian tax number, which contains a state code and a PAN.

        Raises UnknownState. Raises InvalidTaxNumber if a number is not valid, or if `pan` differs
        from the PAN in the GSTIN.
        """
        number = numbers.read_gstin(tax_number) if tax_number else None
        known, of_number = (
            numbers.read_pan(pan) if pan else None,
            numbers.pan_of(number) if number else None,
        )
        if known and of_number and known != of_number:
            raise numbers.InvalidTaxNumber
        state = place or (numbers.state_of(number) if number else None)
        if state is not None and state not in tables.states(numbers.COUNTRY):
            raise UnknownState
        return cls(state, number, known or of_number)

    @classmethod
    def of(
        cls,
        party: PartyRef,
        place: str | None,
        tax_number: str | None,
        pan: str | None,
        *,
        finds_number: bool = True,
    ) -> Buyer:
        """Return the buyer, by default with place, tax number and PAN of the party.

        Stored values are used if `tax_number` is absent and the party is in India. With a given
        `place`, the GSTIN is that of the party in this state: without one, or if `finds_number` is
        False, the buyer is not registered there. Raises the errors of `Buyer.read`.
        """
        is_given = bool(tax_number or (place and not finds_number))
        stored = None if is_given else parties.tax_status(party, state=place)
        if stored is None or stored["country"] != numbers.COUNTRY:
            return cls.read(place, tax_number, pan)
        if place and not stored["tax_number"]:
            return cls.read(place, None, pan)
        return cls.read(stored["state"], stored["tax_number"], pan or stored["pan"])


@dataclass(frozen=True, slots=True)
class Home:
    """The country whose taxes the agency charges, with the agency's state.

    `state` is a state code, or None if the country's taxes do not differ by state.
    """

    country: str
    state: str | None


def home() -> Home | None:
    """Return the agency's country and state, as its tax number shows them.

    The result is None if the agency has no tax number.
    """
    number = get_settings().tax_number
    country = numbers.country_of(number)
    if country is None or number is None:
        return None
    return Home(country, numbers.state_of(number) if tables.states(country) else None)


_SAC = re.compile(r"99[0-9]{2}([0-9]{2})?")


def classified(priced: Priced, day: date) -> list[SoldColumns]:
    """Return the columns of invoice lines with their service codes (SAC).

    A line without a code has the usual code of its tax treatment on a day, with as many digits as
    the agency has chosen. A given code has at least as many digits. Raises InvalidServiceCode.
    """
    digits = get_settings().sac_digits
    lines = list(priced.sold_columns())
    for line in lines:
        if line["sac"] is None:
            line["sac"] = usual_code(line["tax"], day)
        elif not _SAC.fullmatch(line["sac"]) or len(line["sac"]) < digits:
            raise InvalidServiceCode
    return lines


def usual_code(treatment: str | None, day: date) -> str | None:
    """Return the usual service code of a tax treatment on a day, or None."""
    at = home()
    code = tables.service_code_of(at.country, treatment, day) if at else None
    return code and code[: get_settings().sac_digits]


def reckon(
    invoice: Invoice, lines: Sequence[InvoiceLine], *, strict: bool
) -> list[tuple[int, Taxed]]:
    """Return the tax components of invoice lines as pairs of line number and tax.

    The tax in the price of a line, and so its amount, is set.

    A tax that depends on an unknown place of supply is left out; if `strict` is true,
    PlaceOfSupplyMissing is raised instead. Raises TaxNumberMissing, TaxInAnotherCurrency,
    BasicFareRequired, BasicFareOutOfRange, CommissionOutOfRange, UnknownTreatment, NoRateThen,
    NoRateForPrice, UnknownState, TreatmentNotForCustomer, and LinePlaceNotAllowed if a line has a
    place of supply of its own against the law.
    """
    if any(line.place_of_supply and not line.tax for line in lines):
        raise LinePlaceNotAllowed
    if not any(line.tax or line.collection for line in lines):
        return []
    at = home()
    if at is None:
        raise TaxNumberMissing
    if invoice.currency != tables.currency_of(at.country) and any(
        is_taxable(line.tax) or line.collection for line in lines
    ):
        raise TaxInAnotherCurrency
    found: list[tuple[int, Taxed]] = []
    before: Money | None = None
    issued_on = _supplied_from(invoice)
    values = _debited_values(invoice)
    for line in lines:
        day = calculation.day_of_supply(issued_on, service=line.service_date)
        _check_customer(invoice, line)
        _check_place(invoice, line, at)
        value = values.get(line.debits_line_no)
        parts = _taxes_on(line, invoice, at, day, unit_value=value, strict=strict)
        _take_out(line, parts)
        if line.collection:
            before = before or _collected_before(invoice)
            worth = sum((part.amount for part in parts), Money(line.amount_minor, invoice.currency))
            collected = calculation.collected_on(
                at.country,
                line.collection,
                worth,
                before=before,
                on=day,
                has_pan=bool(invoice.customer_pan),
            )
            parts += _as_one(collected)
            before += worth
        found += [(line.line_no, part) for part in parts]
    return found


def place_of_line(invoice: Invoice, line: InvoiceLine) -> str | None:
    """Return the state code of the place of supply of a line, or None."""
    return place_of_supply(line.tax, line.place_of_supply, invoice.place_of_supply)


def place_of_customer(invoice: Invoice) -> str | None:
    """Return the state code of an invoice, or None if only its lines have decided it."""
    taxed = [line for line in document_queries.get_lines(invoice) if line.tax]
    is_of_lines = bool(taxed) and all(line.place_of_supply for line in taxed)
    return None if is_of_lines else invoice.place_of_supply


def take_place(invoice: Invoice, lines: Iterable[InvoiceLine]) -> None:
    """Give an invoice the place of supply that its lines have.

    Raises the error of `reason_to_split`.
    """
    if reason := reason_to_split(invoice, lines):
        raise reason
    places = {supply.place for supply in supplies(invoice, lines)}
    invoice.place_of_supply = next((one for one in places if one), invoice.place_of_supply)


def reason_to_split(
    invoice: Invoice, lines: Iterable[InvoiceLine]
) -> PlacesDiffer | SuppliesDiffer | None:
    """Return why the lines belong on several invoices by law, or None if they do not."""
    found = set(supplies(invoice, lines))
    if len({supply.place for supply in found}) > 1:
        return PlacesDiffer()
    return SuppliesDiffer() if len(found) > 1 else None


def supplies(invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[Supply]:
    """Return the supply to which each line of an invoice belongs."""
    return supplies_of(
        ((line.tax, place_of_line(invoice, line)) for line in lines),
        is_registered=invoice.customer_tax_number is not None,
    )


def _check_customer(invoice: Invoice, line: InvoiceLine) -> None:
    recipient = "any" if line.tax is None else recipient_of(line.tax)
    if recipient != "any" and (recipient == "sez") != bool(invoice.customer_tax_number):
        raise TreatmentNotForCustomer


def _check_place(invoice: Invoice, line: InvoiceLine, at: Home) -> None:
    if line.place_of_supply is None or line.tax is None:
        return
    if line.place_of_supply not in tables.states(at.country):
        raise UnknownState
    is_registered = invoice.customer_tax_number is not None
    if not tables.has_own_place(at.country, line.tax, is_registered=is_registered):
        raise LinePlaceNotAllowed


def _supplied_from(invoice: Invoice) -> date:
    """Return the day of the invoice that determines the rates.

    A debit note has the rates of the supply that it corrects: those of its invoice.
    """
    if invoice.debits_id is None:
        return invoice.issue_date
    debited = select(Invoice.issue_date).where(Invoice.id == invoice.debits_id)
    return db.session.scalars(debited).one()


def _debited_values(invoice: Invoice) -> dict[int | None, Decimal]:
    """Return the value of one unit before tax of each line that a debit note corrects.

    The keys are line numbers of the debited invoice. The result is empty for other invoices.
    """
    if invoice.debits_id is None:
        return {}
    debited = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.debits_id)
    return {
        line.line_no: Money(line.amount_minor, invoice.currency).decimal / line.exact_quantity
        for line in db.session.scalars(debited)
    }


def _taxes_on(
    line: InvoiceLine,
    invoice: Invoice,
    at: Home,
    day: date,
    *,
    unit_value: Decimal | None,
    strict: bool,
) -> list[Taxed]:
    """Return the tax components of an invoice line, without tax collected at source.

    `unit_value` is the value of one unit of the line that a line of a debit note corrects.
    """
    if not line.tax:
        return []
    is_on_fare = calculation.is_on_fare(at.country, line.tax, day)
    base = line.basic_fare_minor if is_on_fare else line.charged_minor
    if base is None:
        raise BasicFareRequired
    try:
        return calculation.tax_on(
            at.country,
            line.tax,
            Money(base, invoice.currency),
            on=day,
            supply=calculation.supply_between(at.state, place_of_line(invoice, line)),
            quantity=line.exact_quantity,
            unit_value=unit_value,
            is_included=line.included_tax_minor is not None and not is_on_fare,
        )
    except PlaceOfSupplyMissing:
        if strict:
            raise
        return []


def _take_out(line: InvoiceLine, parts: Iterable[Taxed]) -> None:
    """Divide what is charged for a line whose price includes tax into amount and tax."""
    if line.included_tax_minor is None:
        return
    tax_minor = sum(part.amount.amount_minor for part in parts)
    amount_minor = line.charged_minor - tax_minor
    if (line.basic_fare_minor or 0) > amount_minor:
        raise BasicFareOutOfRange
    if line.commission_minor > amount_minor:
        raise CommissionOutOfRange
    line.amount_minor, line.included_tax_minor = amount_minor, tax_minor


def waits(invoice: Invoice) -> bool:
    """Return True if a draft waits for the place of supply and cannot be issued."""
    taxed = ((tax.line_no, tax.component) for tax in tax_queries.get_taxes(invoice))
    return is_waiting(
        (line.line_no for line in document_queries.get_lines(invoice) if is_taxable(line.tax)),
        taxed,
    )


def is_waiting(to_be_taxed: Iterable[int], taxed: Iterable[tuple[int, str]]) -> bool:
    """Return True if a taxable line has no tax component yet.

    `to_be_taxed` has the numbers of the taxable lines, `taxed` a pair of line number and component
    for each tax. Tax collected at source does not count as a component.
    """
    return not set(to_be_taxed) <= {
        line_no for line_no, component in taxed if component != COLLECTED
    }


@dataclass(frozen=True, slots=True)
class Sketch:
    """The computed taxes, total and postings of an invoice that is not stored.

    `lines` have their amounts before tax. `taxes` has pairs of line number and tax component, and
    `tax` is their sum. `total` includes the taxes and is rounded if the agency rounds its invoices.
    `sides` has the journal lines of the issue as tuples: key of the account, 1 for debit or -1 for
    credit, and amount. `recognitions` is the revenue to recognise on later service dates.
    `is_waiting` is true if the place of supply is missing.
    """

    lines: list[InvoiceLine]
    tax: Money
    total: Money
    taxes: list[tuple[int, Taxed]]
    sides: list[tuple[str, int, Money]]
    recognitions: list[Recognition]
    is_waiting: bool


def sketch(
    items: Sequence[LineItem],
    *,
    issue_date: date,
    party: str,
    buyer: Buyer,
    party_id: UUID | None = None,
) -> Sketch:
    """Compute taxes, total and postings of an invoice without storing it.

    `party` is the name of the customer, and `party_id` tells it from others of this name.

    Raises the errors of `pricing.price`, `classified` and `reckon`.
    """
    priced = pricing.price(items)
    currency = priced.total.currency
    invoice = Invoice(
        issue_date=issue_date,
        currency=currency,
        party_id=party_id,
        party_name=party,
        place_of_supply=buyer.place,
        customer_tax_number=buyer.tax_number,
        customer_pan=buyer.pan,
    )
    lines = [InvoiceLine(**columns) for columns in classified(priced, issue_date)]
    taxes = reckon(invoice, lines, strict=False)
    tax = Money(sum(part.amount.amount_minor for _line_no, part in taxes), currency)
    rows = [
        InvoiceTax(line_no=line_no, component=part.component, amount_minor=part.amount.amount_minor)
        for line_no, part in taxes
    ]
    methods = earning.methods_of_draft(invoice, lines)
    later = earning.deferred(lines, issue_date, methods)
    credited = [(purpose, -1, amount) for purpose, amount in sides(lines, rows, currency, later)]
    due = Money(sum(line.amount_minor for line in lines), currency) + tax
    moved = rounding.round_off(due)
    total = due + moved
    return Sketch(
        lines,
        tax,
        total,
        taxes,
        [("receivable", 1, total), *credited, *rounding.side(moved, -1)],
        earning.recognitions(lines, later, currency),
        is_waiting(
            (line.line_no for line in lines if is_taxable(line.tax)),
            ((row.line_no, row.component) for row in rows),
        ),
    )


def charge(invoice: Invoice, lines: Sequence[InvoiceLine], *, strict: bool = False) -> None:
    """Compute and store the taxes and the total of a draft invoice.

    The total is rounded if the agency rounds its invoices. `strict` is true at issue: a missing
    place of supply is then an error, and if the tax is the same as in the draft, the draft's
    rounding is kept. Lines of an earlier release get their usual service codes. Raises the errors
    of `reckon`.
    """
    for line in lines:
        line.sac = line.sac or usual_code(line.tax, invoice.issue_date)
    taxes = reckon(invoice, lines, strict=strict)
    confirmed = _confirmed_lines(lines) if taxes else set()
    db.session.execute(delete(InvoiceTax).where(InvoiceTax.invoice_id == invoice.id))
    db.session.add_all(
        InvoiceTax(
            invoice_id=invoice.id,
            line_no=line_no,
            component=part.component,
            percent=part.percent,
            taxable_minor=part.taxable.amount_minor,
            amount_minor=part.amount.amount_minor,
            source=part.rate.source,
            confirmed=part.rate.confirmed or (part.component != COLLECTED and line_no in confirmed),
        )
        for line_no, part in taxes
    )
    tax_minor = sum(part.amount.amount_minor for _line_no, part in taxes)
    due = Money(sum(line.amount_minor for line in lines) + tax_minor, invoice.currency)
    if not invoice.is_opening and not (strict and tax_minor == invoice.tax_minor):
        invoice.round_off_minor = rounding.round_off(due).amount_minor
    invoice.total_minor = due.amount_minor + invoice.round_off_minor
    invoice.tax_minor = tax_minor
    db.session.flush()


def sides(
    lines: Iterable[InvoiceLine | CreditedLine],
    taxes: Iterable[InvoiceTax | CreditedTax],
    currency: str,
    later: Mapping[int, Parts],
    kept: Mapping[int, Parts] = MappingProxyType({}),
) -> Iterator[tuple[str, Money]]:
    """Return the sums of lines and taxes by account, as pairs of account and amount.

    The account is a key such as `revenue_services`. `later` has the deferred revenue by line
    number, as `earning.deferred` returns it, and `kept` the revenue that a cancellation has kept.
    """
    sums: dict[str, int] = dict.fromkeys(
        (*SALES.values(), KEPT, COMMISSION, queries_recognitions.DEFERRED, *OUTPUT.values()), 0
    )
    for line in lines:
        sums[SALES[line.sold_as]] += line.amount_minor - line.commission_minor
        sums[COMMISSION] += line.commission_minor
        for account, parts in ((queries_recognitions.DEFERRED, later), (KEPT, kept)):
            minor = sum(parts.get(line.line_no, {}).values())
            sums[account] += minor
            if minor:
                sums[EARNED[line.sold_as]] -= minor
    for tax in taxes:
        sums[OUTPUT[tax.component]] += tax.amount_minor
    return ((purpose, Money(minor, currency)) for purpose, minor in sums.items() if minor)


def _confirmed_lines(lines: Sequence[InvoiceLine]) -> set[int]:
    """Return the numbers of the lines whose tax rates the agency has confirmed."""
    at = home()
    if at is None:
        return set()
    treatments = confirmed_treatments(SessionReader(db.session), at.country)
    return {line.line_no for line in lines if line.tax in treatments}


def _collected_before(invoice: Invoice) -> Money:
    """Return the sum of the buyer's other purchases with tax collected at source.

    Issued invoices of the financial year of `invoice` count.
    """
    first, last = numbering.days_of_year(invoice.issue_date)
    return Money(tax_queries.collected_before(invoice, COLLECTED, first, last), invoice.currency)


def _as_one(parts: list[Taxed]) -> list[Taxed]:
    """Merge the parts of a tax that has different rates up to and above a threshold.

    The result has the sums of the parts, and the highest of their rates.
    """
    if len(parts) < 2:
        return parts
    top = max(parts, key=lambda part: part.percent)
    taxable = sum((part.taxable for part in parts[1:]), parts[0].taxable)
    return [
        Taxed(
            top.component,
            top.percent,
            taxable,
            sum((part.amount for part in parts[1:]), parts[0].amount),
            top.rate,
        )
    ]
