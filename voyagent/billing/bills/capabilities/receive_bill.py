"""Capability `receive_bill`: enter and post a supplier's bill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import (
    Description,
    DocumentShown,
    FactShown,
    Measured,
    MoneyShown,
    RowShown,
)
from voyagent.billing.bills import service as bill_service
from voyagent.billing.bills.schemas import InputTaxes
from voyagent.billing.core.capabilities.names import check_name, namesakes
from voyagent.billing.core.capabilities.payments import APPROVERS, party_balance
from voyagent.billing.core.capabilities.rates import rate_facts
from voyagent.billing.core.errors import InstalmentsDoNotAddUp
from voyagent.billing.core.schemas.documents import Instalments
from voyagent.billing.core.schemas.lines import LineItemIn
from voyagent.billing.core.service import instalments, pricing
from voyagent.billing.core.service.earning import Recognition
from voyagent.billing.core.service.input_taxes import bought_lines, later_costs
from voyagent.billing.core.service.instalments import InstalmentItem, Plan
from voyagent.billing.core.service.pricing import LINES_MAX, REASON_MAX, BoughtAs
from voyagent.billing.core.words.lines import line_words
from voyagent.capabilities.capability import (
    Capability,
    Card,
    Choice,
    Invocation,
    Policy,
    Slot,
)
from voyagent.capabilities.cards import day, sum_note
from voyagent.capabilities.results import Column, Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    Id,
    Lines,
    Text,
    Trimmed,
)
from voyagent.kernel.json_values import (
    JsonObject,
)
from voyagent.kernel.money import Money, spoken
from voyagent.rates.schemas import RateIn
from voyagent.taxes.words import component
from voyagent.trips.capabilities.lookups import trips


class BillLine(LineItemIn):
    """A bill line before tax, with the kind of purchase and its printed taxes."""

    bought_as: BoughtAs | None = Field(
        default=None,
        description=(
            "`cost` for the agency's own cost, `agent` for a purchase on a customer's behalf;"
            " `cost` if absent."
        ),
    )
    taxes: InputTaxes | None = Field(
        default=None, description="The taxes of the line, each component such as cgst once."
    )
    input_credit: bool | None = Field(
        default=None,
        description="True to claim the taxes as input tax credit; else they are part of the cost.",
    )
    service_date: BusinessDate | None = Field(
        default=None,
        description="First day of the service, YYYY-MM-DD; a cost is prepaid until then.",
    )
    service_to: BusinessDate | None = Field(
        default=None,
        description="Last day of the service, YYYY-MM-DD; `service_date` if absent.",
    )

    price_includes_tax: bool | None = Field(
        default=None, description="True if unit price and discount include the taxes of the line."
    )

    def item(self) -> pricing.LineItem:
        """Return the line in the type that the bill service takes."""
        item = super().item()
        item |= {
            "bought_as": self.bought_as or "cost",
            "input_taxes": {tax.component: tax.amount for tax in self.taxes or ()},
            "input_credit": bool(self.input_credit),
            "price_includes_tax": bool(self.price_includes_tax),
            "service_date": self.service_date,
            "service_to": self.service_to,
        }
        return item


class ReceiveBillInput(Closed):
    """A bill to enter, identified by the supplier's own number."""

    vendor_name: Annotated[
        str, Trimmed(255), Slot("supplier", N_("Which supplier is the bill from?"))
    ] = Field(description="The name of the supplier.")
    party_id: Annotated[
        Id | None, Slot("namesake", N_("Several have this name. Which one is meant?"))
    ] = Field(
        default=None,
        description="The supplier, needed only if several customers or suppliers have the name.",
    )
    vendor_reference: Annotated[
        str, Trimmed(64), Slot("document", N_("What is the number of the bill?"))
    ] = Field(description="The supplier's number of the bill.")
    issue_date: Annotated[
        BusinessDate, Slot("date_or_today", N_("What is the date of the bill?"))
    ] = Field(description="The date of the bill and of the posting, YYYY-MM-DD.")
    due_date: Annotated[BusinessDate, Slot("date", N_("When is the bill due?"))] = Field(
        description="Due date, YYYY-MM-DD."
    )
    line_items: Annotated[
        list[BillLine],
        Field(min_length=1, max_length=LINES_MAX),
        Slot("lines", N_("What is the bill for, and how much?")),
    ] = Field(description="The lines, all in one currency.")
    instalments: Instalments | None = Field(
        default=None,
        description=(
            "At least two instalments in order of due date, the first on `due_date`; they add up"
            " to the total with taxes."
        ),
    )
    party_reference: Annotated[str, Text(128)] | None = Field(
        default=None, description="The agency's own reference of the bill."
    )
    notes: Annotated[str, Lines(2000)] | None = Field(
        default=None, description="A note for the books; the supplier does not see it."
    )
    trip_id: Id | None = Field(default=None, description="The trip that the bill belongs to.")
    exchange_rate: RateIn | None = Field(
        default=None,
        description="Exchange rate to the agency's currency, if the bill is in another one.",
    )
    input_tax_reason: Annotated[str, Trimmed(REASON_MAX)] | None = Field(
        default=None,
        title=N_("Reason for the higher tax"),
        description="Needed only if a line claims more tax than the highest rate of the day gives.",
    )

    @property
    def items(self) -> list[pricing.LineItem]:
        """The lines in the type that the bill service takes."""
        return [line.item() for line in self.line_items]

    @property
    def plan(self) -> list[InstalmentItem] | None:
        """The instalments in the type that the bill service takes, or None."""
        return [one.item for one in self.instalments] if self.instalments else None


class Totals(NamedTuple):
    """A checked bill before it is stored; `total` includes the taxes.

    `later` is the cost to recognise on later service dates.
    """

    party: str
    lines: list[pricing.PricedLine]
    plan: Plan
    total: Money
    later: list[Recognition]


def run(call: Invocation, inputs: ReceiveBillInput) -> JsonObject:
    """Enter and post the bill; return its id, reference, supplier, total and status.

    Raises the errors of `service.receive_bill`.
    """
    bill = bill_service.receive_bill(
        call.actor,
        vendor_name=inputs.vendor_name,
        party_id=inputs.party_id,
        vendor_reference=inputs.vendor_reference,
        issue_date=inputs.issue_date,
        due_date=inputs.due_date,
        line_items=inputs.items,
        instalments=inputs.plan,
        party_reference=inputs.party_reference,
        notes=inputs.notes,
        trip_id=inputs.trip_id,
        exchange_rate=inputs.exchange_rate.quoted if inputs.exchange_rate else None,
        input_tax_reason=inputs.input_tax_reason,
    )
    total = Money(bill.total_minor, bill.currency)
    return {
        "received": True,
        "bill_id": str(bill.id),
        "vendor_reference": bill.vendor_reference,
        "vendor_name": bill.party_name,
        "total_amount": total.wire,
        "currency": total.currency,
        "status": bill.status,
    }


def preview(call: Invocation, inputs: ReceiveBillInput) -> Description:
    """Return the bill as a document for the reviewer. Raises the errors of `policy`."""
    name, lines, plan, total, later = _totals(inputs)
    document = DocumentShown(
        title=gettext("Bill"),
        number=inputs.vendor_reference,
        date=day(inputs.issue_date),
        day=inputs.issue_date.isoformat(),
        party=name,
        rows=[
            RowShown(
                text=line_words(
                    line.description, line.quantity, line.unit, line.unit_price, line.discount
                ),
                amount=line.amount.wire,
            )
            for line in lines
        ]
        + _tax_rows(lines),
        total=MoneyShown(amount=total.wire, currency=total.currency),
    )
    return Description(
        title=gettext(
            "Enter bill %(reference)s of %(name)s", reference=inputs.vendor_reference, name=name
        ),
        undo=gettext("Reversible"),
        document=document,
        facts=[
            *(
                FactShown(label=gettext("Due"), value=value)
                for value in _due_values(inputs, plan, total)
            ),
            *rate_facts(inputs.exchange_rate.quoted if inputs.exchange_rate else None),
            *(
                FactShown(
                    label=gettext("Cost on %(day)s", day=day(one.day)),
                    value=spoken(one.amount.wire, one.amount.currency),
                )
                for one in later
            ),
        ],
        checks=check_name(call.reader, name, "supplier"),
    )


def measure(_call: Invocation, inputs: ReceiveBillInput) -> Measured:
    """Return the supplier's present open balance, which the preview shows.

    Raises the errors of `policy`.
    """
    name, _lines, _plan, total, _later = _totals(inputs)
    return party_balance("payable", name, total.currency, party_id=inputs.party_id)


def policy(_call: Invocation, inputs: ReceiveBillInput) -> Policy:
    """Return the bill's total with taxes, which is compared with the amount limits.

    Raises, in this order, the errors of `pricing.party`, `pricing.check_days`, `pricing.price` and
    `instalments.read`, and InstalmentsDoNotAddUp.
    """
    return Policy(amounts=(_totals(inputs).total,))


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card, with the bill's number and supplier."""
    if not (given or output):
        return str(gettext("Enter a bill"))
    named = {
        "reference": given.get("vendor_reference") or output.get("vendor_reference", ""),
        "name": given.get("vendor_name") or output.get("vendor_name", ""),
    }
    if output.get("received"):
        return str(gettext("Entered bill %(reference)s of %(name)s", **named))
    return str(gettext("Enter bill %(reference)s of %(name)s", **named))


def _totals(inputs: ReceiveBillInput) -> Totals:
    name = pricing.party(inputs.vendor_name)
    pricing.check_days(inputs.issue_date, inputs.due_date)
    priced = pricing.price(inputs.items)
    total = sum((tax for line in priced.lines for tax in line.input_taxes.values()), priced.total)
    plan = instalments.read(inputs.plan, total.currency, inputs.issue_date, inputs.due_date)
    if plan.minors and sum(plan.minors) != total.amount_minor:
        raise InstalmentsDoNotAddUp
    later = later_costs(bought_lines(priced.lines, inputs.issue_date), total.currency)
    return Totals(name, priced.lines, plan, total, later)


def _tax_rows(lines: Sequence[pricing.PricedLine]) -> list[RowShown]:
    """Return a row for each tax component of the bill, summed over the lines."""
    sums: dict[str, Money] = {}
    for line in lines:
        for name, tax in line.input_taxes.items():
            sums[name] = sums[name] + tax if name in sums else tax
    return [RowShown(text=component(name), amount=tax.wire) for name, tax in sums.items()]


def _due_values(inputs: ReceiveBillInput, plan: Plan, total: Money) -> list[str]:
    if not plan.dues:
        return [day(inputs.due_date)]
    parts = [Money(minor, total.currency) for minor in plan.minors]
    return [
        f"{day(due)}: {spoken(part.wire, part.currency)}"
        for due, part in zip(plan.dues, parts, strict=True)
    ]


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: number, supplier, total and due date."""
    return str(
        gettext(
            "Bill %(reference)s from %(name)s is recorded: %(total)s, due %(due)s.",
            reference=output["vendor_reference"],
            name=output["vendor_name"],
            total=spoken(output["total_amount"], output["currency"]),
            due=day(given["due_date"]),
        )
    )


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the bill as a choice, so that a later message can refer to it."""
    number, name = output["vendor_reference"], output["vendor_name"]
    total = Money.parse(output["total_amount"], output["currency"])
    return (Choice(output["bill_id"], f"{number}, {name}", number, total),)


CAPABILITY = Capability(
    name="receive_bill",
    title=N_("Enter a bill"),
    summary="Enter a supplier's bill and post it to payables.",
    area="accounting",
    input=ReceiveBillInput,
    output=frozenset(
        {
            "received",
            "bill_id",
            "vendor_reference",
            "vendor_name",
            "total_amount",
            "currency",
            "status",
        }
    ),
    permission="bill.receive",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    policy=policy,
    run=run,
    preview=preview,
    measure=measure,
    choices={"party_id": namesakes, "trip_id": trips},
    card=Card(
        icon="receipt-cutoff",
        sentence=sentence,
        note=sum_note,
        fills=("bill_id",),
        answer=answer,
        records=records,
        results=(
            Result(
                columns=(
                    Column(label=N_("Supplier"), value="vendor_name"),
                    Column(label=N_("Number"), value="vendor_reference"),
                    Column(label=N_("Total"), value="total_amount", kind="money"),
                )
            ),
        ),
    ),
    book_date="issue_date",
    audit=N_("Assistant: enter a bill"),
    follow_ups=("pay_bill", "find_bills"),
    examples={
        "en": (
            "enter a bill from Riya Holidays RH-2211 for 80,000 due 15 Dec",
            "bill received from Akbar Travels, no 4471, 1.5 lakh for tickets",
            "got the hotel's invoice, number GH/88, 32000, due on 20th",
            "add supplier bill",
            "book the DMC's bill BKK-19 USD 1200 due 10 Jan",
            "new vendor bill: Sky Consolidators SC-771, 6 tickets 9,500 each",
            "purchase entry for visa fees, VFS bill 90021, 14,400",
            "the bus operator has sent a bill of 18k, T-118",
            "pls enter the attached bill from the consolidator",
            "we received bill no 556 from Coorg Resorts for 2 rooms, 11,000",
            "post bill of the insurance company, INS-3301, 4,250, due in 30 days",
            "record a purchase invoice from Thomas Cook forex desk",
            "transfer vendor billed us 7500 for airport pickup, bill 77",
            "Blue Star Tours sent bill BS/221, 42,000 for Goa hotel, due 10 Jan",
            "enter purchase bill Indigo 6E-9912 18,400 tickets",
            "vendor invoice received: Bali DMC, inv BD-55, USD 2,300 land package",
            "please record bill from Om Transport 340 dated 2 Nov Rs 9,800",
            "got invoice 88 from Taj Goa, 2 rooms 2 nights 36,000",
            "new purchase: VFS visa fee 6 x 4,200 ref V-5511",
            "book supplier invoice of Oman Air 1,45,000 bill no OA771 due in 15 days",
            "the guide sent his bill 12500 no 17",
            "add vendor bill Marhaba Services inv 4410 AED 1,800 for meet and greet",
            "hotel has billed us 54,000 for the Iyers, their inv HI-2009, payable by 20 Dec",
            "bill from printer Sai Graphics no 31 for 3,200 brochures",
        ),
        "hi": (
            "Riya Holidays ka bill aaya hai RH-2211 80 hazaar ka",
            "supplier ka bill chadha do",
            "hotel ka bill entry karo 32000 GH/88",
            "Akbar Travels ka naya bill 1.5 lakh, 15 Dec tak dena hai",
            "gaadi wale ka bill aaya 18 hazaar",
            "vendor bill book kar do, visa fees 14400",
            "Blue Star ka bill aaya BS/221 42 hazaar",
            "Om Transport ka bill 9800 chadha do",
            "VFS ka bill entry kar do 25200",
            "hotel ka naya bill aaya hai 54 hazaar, number HI-2009",
            "सप्लायर का बिल चढ़ा दो 80 हज़ार का",
            "होटल का बिल आया है, 32000, दर्ज करो",
            "अकबर ट्रैवल्स का नया बिल डेढ़ लाख का",
            "गाड़ी वाले का बिल आया 18 हज़ार",
        ),
    },
)
