"""Capability `draft_invoice`: create a draft invoice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal, NamedTuple

from flask_babel import gettext
from pydantic import Field, model_validator

from voyagent.approvals.service.effects import Description, FactShown, RowShown
from voyagent.billing.core import errors
from voyagent.billing.core.capabilities.names import check_name, namesakes
from voyagent.billing.core.capabilities.payments import APPROVERS
from voyagent.billing.core.capabilities.rates import rate_facts
from voyagent.billing.core.queries import taxes as tax_queries
from voyagent.billing.core.schemas.documents import Instalments
from voyagent.billing.core.schemas.lines import LineItemIn
from voyagent.billing.core.service import (
    instalments,
    instalments as service_instalments,
    pricing,
    taxing,
)
from voyagent.billing.core.service.pricing import LINES_MAX
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.capabilities.invoices import (
    INVOICE_FACTS,
    INVOICE_OUTPUT,
    check_alike,
    check_terms,
    invoice_output,
    invoice_records,
    round_off_rows,
    shown_document,
    stored_rows,
    tax_rows,
)
from voyagent.billing.invoices.schemas.lines import ServiceCode, State, TaxCode, TaxNumber
from voyagent.billing.invoices.service import drafts as invoice_drafts
from voyagent.capabilities.capability import (
    Capability,
    Card,
    Invocation,
    Policy,
    ProgramOnly,
    Slot,
)
from voyagent.capabilities.cards import day, sum_note
from voyagent.enquiries.capabilities.lookups import enquiries
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    Id,
    Lines,
    PlainAmount,
    Text,
    Trimmed,
)
from voyagent.kernel.json_values import (
    JsonObject,
)
from voyagent.kernel.money import Money, spoken
from voyagent.rates.schemas import RateIn
from voyagent.trips.capabilities.lookups import trips

TERMS_MAX = 3650


class DraftLine(LineItemIn):
    """An invoice line with its kind of sale and its tax treatment.

    A tax treatment is a code such as `service_fee` or `air_domestic`. The tax rate depends on the
    treatment, the date of supply and the place of supply.
    """

    sold_as: Literal["principal", "agent", "fee"] | None = Field(
        default=None,
        description=(
            "`principal` for an own sale, `agent` for a sale on a supplier's behalf, `fee` for the"
            " agency's fee; `principal` if absent."
        ),
    )
    tax: TaxCode | None = Field(
        default=None,
        description="Tax treatment of the agency's country, such as service_fee; no tax if absent.",
    )
    collection: TaxCode | None = Field(
        default=None, description="Treatment of tax collected at source on top; none if absent."
    )
    basic_fare: PlainAmount | None = Field(
        default=None, description="Basic fare of the whole line, if the tax is on the fare."
    )
    service_date: BusinessDate | None = Field(
        default=None, description="Day of the service, YYYY-MM-DD; the day of issue if absent."
    )
    service_to: BusinessDate | None = Field(
        default=None,
        description="Last day of the service, YYYY-MM-DD; `service_date` if absent.",
    )
    commission: PlainAmount | None = Field(
        default=None, description="Commission on the whole line before tax, if sold as agent."
    )
    sac: ServiceCode | None = Field(
        default=None,
        description="Service code (SAC) of 4 or 6 digits; that of the tax treatment if absent.",
    )
    place_of_supply: State | None = Field(
        default=None,
        description="State of the hotel or where the journey begins, if it decides the tax.",
    )
    trip_line_id: Id | None = Field(
        default=None, description="The service of the trip that is sold; none if absent."
    )

    price_includes_tax: bool | None = Field(
        default=None, description="True if unit price and discount include the taxes of the line."
    )

    def item(self) -> pricing.LineItem:
        """Return the line in the type that the invoice service takes."""
        item = super().item()
        item |= {
            "sold_as": self.sold_as or "principal",
            "tax": self.tax,
            "collection": self.collection,
            "basic_fare": self.basic_fare,
            "service_date": self.service_date,
            "service_to": self.service_to,
        }
        item |= {"commission": self.commission, "sac": self.sac}
        item |= {"place_of_supply": self.place_of_supply}
        item |= {"trip_line_id": self.trip_line_id}
        item |= {"price_includes_tax": bool(self.price_includes_tax)}
        return item


class DraftInvoiceInput(Closed):
    """An invoice to draft, with all the fields that the form of an invoice has."""

    customer_name: Annotated[
        str, Trimmed(255), Slot("party", N_("What is the customer's name?"))
    ] = Field(description="The name of the customer.")
    party_id: Annotated[
        Id | None, Slot("namesake", N_("Several have this name. Which one is meant?"))
    ] = Field(
        default=None,
        description="The customer, needed only if several customers or suppliers have the name.",
    )
    issue_date: Annotated[
        BusinessDate, Slot("date_or_today", N_("What is the date of the invoice?"))
    ] = Field(description="The day of issue, YYYY-MM-DD.")
    due_date: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None,
        description=(
            "Due date, YYYY-MM-DD; if absent, from `terms_days`, the first of `instalments` or the"
            " customer's terms."
        ),
    )
    terms_days: Annotated[int, Field(ge=0, le=TERMS_MAX)] | None = Field(
        default=None, description="Days from issue to the due date; use instead of `due_date`."
    )
    line_items: Annotated[
        list[DraftLine],
        Field(min_length=1, max_length=LINES_MAX),
        Slot("lines", N_("What is the invoice for, and how much?")),
    ] = Field(description="The lines, all in one currency; before tax unless price_includes_tax.")
    instalments: Instalments | None = Field(
        default=None,
        description=(
            "At least two instalments in order of due date; they add up to the total with taxes."
        ),
    )
    number: Annotated[Annotated[str, Text(64)] | None, ProgramOnly()] = Field(
        default=None, description="Must be absent, because a draft has no number."
    )
    party_reference: Annotated[Annotated[str, Text(128)] | None, Slot("payment_reference")] = Field(
        default=None, description="The customer's own reference, such as an order number."
    )
    notes: Annotated[str, Lines(2000)] | None = Field(
        default=None, description="A note for the customer, printed on the invoice."
    )
    enquiry_id: Annotated[Id | None, Slot("enquiry")] = Field(
        default=None, description="The enquiry that the invoice belongs to."
    )
    trip_id: Annotated[Id | None, Slot("trip")] = Field(
        default=None, description="The trip that the invoice belongs to."
    )
    place_of_supply: State | None = Field(
        default=None,
        description="Code of the state of supply, such as 32; the customer's state if absent.",
    )
    customer_tax_number: TaxNumber | None = Field(
        default=None,
        description="The customer's GSTIN; the stored one in the place of supply if absent.",
    )
    customer_pan: TaxNumber | None = Field(default=None, description="The customer's PAN.")
    customer_address_id: Id | None = Field(
        default=None, description="A further address of the customer to print; none if absent."
    )
    exchange_rate: RateIn | None = Field(
        default=None,
        description="Exchange rate to the agency's currency, if the invoice is in another one.",
    )

    @model_validator(mode="after")
    def _is_due_once(self) -> DraftInvoiceInput:
        if self.due_date is not None and self.terms_days is not None:
            raise ValueError("give a due date or a number of days, not both")
        return self

    @property
    def due(self) -> date | None:
        """The given due date, or the due date by `terms_days`, or None.

        `terms_days` is a number of days from the issue date.
        """
        if self.terms_days is None:
            return self.due_date
        return self.issue_date + timedelta(days=self.terms_days)

    @property
    def items(self) -> list[pricing.LineItem]:
        """The lines in the type that the invoice service takes."""
        return [line.item() for line in self.line_items]

    @property
    def plan(self) -> list[service_instalments.InstalmentItem] | None:
        """The instalments in the type that the invoice service takes, or None."""
        return [one.item for one in self.instalments] if self.instalments else None


class Totals(NamedTuple):
    """The checked content of a draft that is not stored yet.

    `due` has the due dates: one for each instalment, or a single one. `parts` has the amounts of
    the instalments. `sketch` has lines, taxes and total.
    """

    party: str
    due: tuple[date, ...]
    parts: tuple[Money, ...]
    sketch: taxing.Sketch


def run(call: Invocation, inputs: DraftInvoiceInput) -> JsonObject:
    """Create the draft, and return it as `invoice_output` does.

    Raises the errors of `service.draft_invoice`.
    """
    invoice = invoice_drafts.draft_invoice(
        call.actor,
        customer_name=inputs.customer_name,
        party_id=inputs.party_id,
        issue_date=inputs.issue_date,
        due_date=inputs.due,
        instalments=inputs.plan,
        line_items=inputs.items,
        number=inputs.number,
        party_reference=inputs.party_reference,
        notes=inputs.notes,
        enquiry_id=inputs.enquiry_id,
        trip_id=inputs.trip_id,
        place_of_supply=inputs.place_of_supply,
        customer_tax_number=inputs.customer_tax_number,
        customer_pan=inputs.customer_pan,
        customer_address_id=inputs.customer_address_id,
        exchange_rate=inputs.exchange_rate.quoted if inputs.exchange_rate else None,
    )
    return {"drafted": True} | invoice_output(invoice)


def preview(call: Invocation, inputs: DraftInvoiceInput) -> Description:
    """Return the preview of the draft, with its taxes, for the reviewer.

    Raises InvoiceNumberConflict and the errors of `policy`.
    """
    draft = _totals(inputs)
    if inputs.number:
        raise invoice_errors.InvoiceNumberConflict
    total = draft.sketch.total
    return Description(
        title=gettext("Draft an invoice for %(name)s", name=draft.party),
        undo=gettext("A draft posts nothing"),
        document=shown_document(
            gettext("Draft invoice"), draft.party, inputs.issue_date, _rows(draft), total
        ),
        facts=[
            FactShown(label=gettext("Issued"), value=day(inputs.issue_date)),
            *(FactShown(label=gettext("Due"), value=value) for value in _due_values(draft)),
            *rate_facts(inputs.exchange_rate.quoted if inputs.exchange_rate else None),
            FactShown(
                label=gettext("Posted"),
                value=gettext("Nothing yet. Issuing it needs a separate approval."),
            ),
        ],
        checks=[
            *check_name(call.reader, draft.party, "customer"),
            check_terms(inputs.issue_date, draft.due[-1]),
            check_alike(call.reader, call.actor, draft.party, total),
        ],
    )


def policy(_call: Invocation, inputs: DraftInvoiceInput) -> Policy:
    """Return the draft's total with taxes, which is compared with the amount limits.

    Raises, in this order, the errors of `pricing.party`, `pricing.check_days`, `Buyer.of`,
    `taxing.sketch` and `instalments.read`, and InstalmentsDoNotAddUp.
    """
    return Policy(amounts=(_totals(inputs).sketch.total,))


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card, with the customer's name."""
    name = output.get("customer_name") or given.get("customer_name")
    if not name:
        return str(gettext("Draft invoice"))
    return str(gettext("Draft invoice for %(name)s", name=name))


def _totals(inputs: DraftInvoiceInput) -> Totals:
    party = pricing.party(inputs.customer_name)
    ref = inputs.party_id or party
    due = pricing.due_day_of(ref, inputs.issue_date, inputs.due)
    pricing.check_days(inputs.issue_date, due)
    buyer = taxing.Buyer.of(
        ref, inputs.place_of_supply, inputs.customer_tax_number, inputs.customer_pan
    )
    sketch = taxing.sketch(
        inputs.items,
        issue_date=inputs.issue_date,
        party=party,
        party_id=inputs.party_id,
        buyer=buyer,
    )
    currency = sketch.total.currency
    plan = instalments.read(inputs.plan, currency, inputs.issue_date, inputs.due)
    if plan.minors and sum(plan.minors) != sketch.total.amount_minor:
        raise errors.InstalmentsDoNotAddUp
    return Totals(
        party,
        plan.dues or (due,),
        tuple(Money(minor, currency) for minor in plan.minors),
        sketch,
    )


def _rows(draft: Totals) -> list[RowShown]:
    taxes = [
        {
            "component": part.component,
            "percent": part.percent,
            "amount_minor": part.amount.amount_minor,
            "confirmed": part.rate.confirmed,
        }
        for _line_no, part in draft.sketch.taxes
    ]
    total = draft.sketch.total
    net_minor = sum(line.amount_minor for line in draft.sketch.lines)
    round_off = total.amount_minor - net_minor - draft.sketch.tax.amount_minor
    return [
        *stored_rows(draft.sketch.lines, total.currency),
        *tax_rows(tax_queries.sum_taxes(taxes, total.currency)),
        *round_off_rows(Money(round_off, total.currency)),
    ]


def _due_values(draft: Totals) -> list[str]:
    if not draft.parts:
        return [day(draft.due[0])]
    return [
        f"{day(due)}: {spoken(part.wire, part.currency)}"
        for due, part in zip(draft.due, draft.parts, strict=True)
    ]


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: customer, total, due date, and the next step."""
    return str(
        gettext(
            "The draft invoice for %(name)s is saved: %(total)s, due %(due)s. Issue it to give it"
            " a number and post it to the books.",
            name=output["customer_name"],
            total=spoken(output["total_amount"], output["currency"]),
            due=day(output["due_date"]),
        )
    )


CAPABILITY = Capability(
    name="draft_invoice",
    title=N_("Draft an invoice"),
    summary=(
        "Create a draft invoice. The tax of each line is computed from its tax treatment (`tax`)."
    ),
    area="accounting",
    input=DraftInvoiceInput,
    output=INVOICE_OUTPUT | {"drafted"},
    permission="invoice.draft",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    policy=policy,
    run=run,
    preview=preview,
    card=Card(
        icon="pencil",
        sentence=sentence,
        note=sum_note,
        answer=answer,
        fills=("invoice_id",),
        records=invoice_records,
        results=(INVOICE_FACTS,),
    ),
    audit=N_("Assistant: draft an invoice"),
    follow_ups=("issue_invoice", "find_invoices"),
    choices={"party_id": namesakes, "enquiry_id": enquiries, "trip_id": trips},
    examples={
        "en": (
            "invoice this trip",
            "invoice this trip due in 15 days",
            "make an invoice of the whole trip",
            "invoice Deepa Krishnan 45,000 for the Dubai visa",
            "draft an invoice for Al Noor Trading, 1.2 lakh",
            "make a bill for Mrs Fernandes, umrah package 5 pax at 85,000 each",
            "prepare an invoice for Joseph due 10 Dec",
            "raise an invoice of 60k to Thomas Kurian for air tickets",
            "bill the customer of this trip",
            "proforma for Ravi Menon, Bali 4 nights, 2.4 lakh",
            "new invoice: Sneha Pillai, Andaman honeymoon, 78,500, due in 7 days",
            "create a draft for 2 tickets Kochi-Doha at 18,250",
            "invoice USD 900 to Al Noor for hotel rooms",
            "pls make invoice, Anil, train tickets 3,400 + service charge 300",
            "draft bill for the Singapore group, 6 x 55,000",
            "charge Zachariah Kurian 12,000 for date change",
            "make invoice Neha Kapoor Dubai package 2 pax 85,000 each",
            "Zenith Pharma: invoice 1.4 lakh for London tickets and 12,000 visa",
            "bill Mr Bhatia 60k Kerala houseboat due 5 Jan",
            "prepare proforma invoice for Dsouza group, Ladakh, 6 x 28,500",
            "raise bill on Kiran Desai, hotel 42,000 plus taxi 6,500",
            "please generate invoice to Rohan for Vietnam tour INR 1,85,000",
            "inv to Farhan 3 visas at 6500 each",
            "new invoice Meena Rao: insurance 2,400, service fee 500",
            "draft inv Kenji Tanaka USD 450 for Taj Goa 3 nights",
            "bill Kavita 15000 for singapore visa and cruise",
            "charge Neha 3,500 cancellation fee",
            "want a draft bill for Imran Sheikh, umrah 4 pax @ 92,000, payment in 15 days",
        ),
        "hi": (
            "Deepa ka invoice banao 45 hazaar Dubai visa",
            "Al Noor ko 1.2 lakh ka bill banao",
            "Joseph ke liye draft invoice taiyar karo",
            "Fernandes madam ka bill banao 5 log 85 hazaar per head",
            "is trip ka invoice bana do",
            "naya bill banao Ravi Menon Bali package 2.4 lakh",
            "Neha ka bill banao Dubai package 85000 per head 2 log",
            "Bhatia ji ke naam invoice bana do 60 hazaar",
            "Farhan ka 3 visa ka bill banao 6500 har ek",
            "Zenith Pharma ka invoice taiyar karo 1.4 lakh",
            "दीपा का इनवॉइस बनाओ 45 हज़ार दुबई वीज़ा",
            "रमेश जी का बिल बना दो 60 हज़ार का",
            "सुनीता के लिए इनवॉइस तैयार करो गोवा पैकेज 32000",
            "नया बिल बनाओ, अनिल शर्मा, हवाई टिकट 18000",
        ),
    },
)
