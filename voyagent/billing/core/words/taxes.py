"""Texts about the taxes of invoices and bills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask_babel import gettext

from voyagent.billing.core.rules import Supply, is_bill_of_supply, taxes_by_line
from voyagent.http.template_filters import amount, long_day
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money
from voyagent.taxes.rules.numbers import COUNTRY, country_of, state_of
from voyagent.taxes.rules.tables import COLLECTED, is_exempt, is_zero_rated
from voyagent.taxes.words import REQUIRED_SENTENCES, TREATMENTS, component, place_of_supply

_GST = frozenset({"cgst", "sgst", "igst"})


def title_of_invoice(invoice: Row, lines: Iterable[Row], taxes: Iterable[Row]) -> str:
    """Return the title of an issued invoice, as Rules 46, 46A, 49 and 53 name it.

    `invoice` is a row with the customer's tax number. A registered customer gets no
    invoice-cum-bill of supply.
    """
    if invoice["debits_id"]:
        return str(gettext("Debit note"))
    treatments = [line["tax"] for line in lines]
    if is_bill_of_supply(treatments):
        return str(gettext("Bill of supply"))
    is_taxed = any(tax["component"] != COLLECTED for tax in taxes) or any(
        is_zero_rated(one) for one in treatments
    )
    if any(is_exempt(one) for one in treatments) and not invoice["customer_tax_number"]:
        return str(gettext("Invoice-cum-bill of supply"))
    return str(gettext("Tax invoice") if is_taxed else gettext("Invoice"))


def draft_title(invoice: Row) -> str:
    """Return the title of a draft."""
    return str(gettext("Draft debit note") if invoice["debits_id"] else gettext("Draft invoice"))


def is_under_gst(lines: Iterable[Row], taxes: Iterable[Row]) -> bool:
    """Return True if the rules for Indian tax invoices or bills of supply apply."""
    return any(tax["component"] in _GST for tax in taxes) or any(
        is_exempt(line.get("tax")) or is_zero_rated(line.get("tax")) for line in lines
    )


def required_sentences(lines: Sequence[Row], taxes: Iterable[Row]) -> list[str]:
    """Return the sentences that the law requires on an invoice, each once.

    The tax treatment of a line determines which sentence is required, if any. The agency sells
    nothing on which the customer owes the tax.
    """
    reverse = [gettext("Tax payable on reverse charge: No")] if is_under_gst(lines, taxes) else []
    return reverse + [
        str(REQUIRED_SENTENCES[tax])
        for tax in dict.fromkeys(line["tax"] for line in lines)
        if tax in REQUIRED_SENTENCES
    ]


def with_taxes(lines: Iterable[Row], taxes: Iterable[Row], currency: str) -> list[Row]:
    """Return document lines with their taxable value and taxes, for pages and PDF.

    `taxable` is None for a line without tax. `tax_words` has each component with rate and amount.
    Tax collected at source is left out.
    """
    charged = taxes_by_line(tax for tax in taxes if tax["component"] != COLLECTED)
    found = []
    for line in lines:
        own = charged[line["line_no"]]
        found.append(
            line
            | {
                "taxable": Money(own[0]["taxable_minor"], currency) if own else None,
                "tax_words": [
                    f"{component(tax['component'])} {tax['percent'].normalize():f} %"
                    f" {amount(Money(tax['amount_minor'], currency))}"
                    for tax in own
                ]
                or _untaxed_words(line.get("tax")),
            }
        )
    return found


def _untaxed_words(treatment: str | None) -> list[str]:
    if is_exempt(treatment):
        return [gettext("Exempt")]
    return [gettext("Zero rated")] if is_zero_rated(treatment) else []


def taxable_total(lines: Iterable[Row], currency: str) -> Money:
    """Return the sum of the taxable values of lines of `with_taxes`."""
    values = (line["taxable"] for line in lines if line["taxable"] is not None)
    return sum(values, Money(0, currency))


def tax_number_words(number: str | None) -> str:
    """Return a tax number as text; a GSTIN is followed by its state and state code.

    The result is empty if there is no number.
    """
    if not number:
        return ""
    words = gettext("Tax number %(number)s", number=number)
    state = state_of(number) if country_of(number) == COUNTRY else None
    return f"{words}, {place_of_supply(state)}" if state else words


def line_notes(line: Row) -> list[str]:
    """Return the notes of an invoice line, such as service code, place, date and TCS."""
    code = [f"SAC {line['sac']}"] if line["sac"] else []
    if line["place_of_supply"]:
        where = place_of_supply(line["place_of_supply"])
        code.append(gettext("Place of supply: %(place)s", place=where))
    is_included = line["tax"] and line["included_tax_minor"] is not None
    included = [gettext("Rate includes tax")] if is_included else []
    collected = [gettext("TCS is collected on this")] if line["collection"] else []
    return [*code, *service_note(line), *included, *collected]


def service_note(line: Row) -> list[str]:
    """Return the note with the service dates of a line, or [] without one."""
    if not line["service_date"]:
        return []
    day = long_day(line["service_date"], weekday=False, year=True)
    if line["service_to"] and line["service_to"] > line["service_date"]:
        last = long_day(line["service_to"], weekday=False, year=True)
        return [gettext("Service from %(day)s to %(last)s", day=day, last=last)]
    return [gettext("Service on %(day)s", day=day)]


def supply_words(supply: Supply) -> str:
    """Return the place of a supply and, if that is not all, its kind as text."""
    kind = TREATMENTS[supply.treatment] if supply.treatment else ""
    exempt = gettext("exempt") if supply.is_exempt else ""
    return ", ".join(str(one) for one in (place_of_supply(supply.place), kind, exempt) if one)


def with_state(letterhead: Row) -> Row:
    """Return the settings of a letterhead with `tax_words`: tax number and state."""
    return letterhead | {"tax_words": tax_number_words(letterhead.get("tax_number"))}


def tax_note(line: Row, taxes: Iterable[Row], currency: str) -> str:
    """Return `taxes`, the taxes of a bill line, as text for a page.

    The text also says whether they are claimed or are part of the cost, and whether the rate
    includes them. It is empty without taxes.
    """
    found = [
        f"{component(tax['component'])} {amount(Money(tax['amount_minor'], currency))}"
        for tax in taxes
    ]
    if not found:
        return ""
    words = [
        ", ".join(found),
        gettext("credited to us") if line["input_credit"] else gettext("part of the cost"),
        *([gettext("included in the rate")] if line["included_tax_minor"] else []),
    ]
    return " · ".join(words)
