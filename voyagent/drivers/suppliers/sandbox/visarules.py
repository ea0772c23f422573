"""Visa rules for travellers from India and the Gulf states.

The rules are plausible but not reliable, because entry rules change every month. The `source` of
the requirements says so. The table has the most popular destinations; Schengen countries share one
row. For other nationalities and destinations there is no rule, and the kind of visa is `unknown`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from voyagent.drivers.suppliers.protocols.visas import DocumentNeeded, VisaKind
from voyagent.kernel.errors import N_

SOURCE = N_("Sandbox rules for testing only. Check with the consulate before travel.")
GULF = frozenset({"AE", "SA", "QA", "KW", "BH", "OM"})
SCHENGEN = frozenset(
    {
        "AT",
        "BE",
        "BG",
        "CH",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
    }
    | {"PL", "PT", "RO", "SE", "SI", "SK"}
)
_SCHENGEN_ROW = "FR"
LABELS = {
    "passport": N_("Passport with two blank pages"),
    "identity": N_("Passport or voter identity card"),
    "photo": N_("Two recent photographs, white background"),
    "form": N_("Signed application form"),
    "tickets": N_("Return flights"),
    "hotel": N_("Accommodation for every night"),
    "bank": N_("Bank statements of the last six months"),
    "itr": N_("Income tax returns of the last two years"),
    "employer": N_("Letter from your employer, or business documents"),
    "cover": N_("Covering letter with your travel plan"),
    "insurance": N_("Travel insurance for the whole trip"),
    "yellow_fever": N_("Certificate of vaccination against yellow fever"),
}
"""Labels of the required documents, by code."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table of visa rules; the fee is in US dollars."""

    kind: VisaKind
    fee_usd: Decimal
    processing_days: int
    validity_days: int
    stay_days: int
    passport_months: int
    documents: tuple[DocumentNeeded, ...] = ()


HOME = Rule(VisaKind.NOT_NEEDED, Decimal(0), 0, 0, 0, 0)
"""Rule for a person's own country.

The rule also applies to citizens of one Gulf state in another Gulf state.
"""
NO_RULE = Rule(VisaKind.UNKNOWN, Decimal(0), 0, 0, 0, 6)


def rule(nationality: str, destination: str) -> Rule:
    """Return the rule for a nationality and a destination, or NO_RULE."""
    if nationality == destination or {nationality, destination} <= GULF:
        return HOME
    group = "GCC" if nationality in GULF else nationality
    return _rules().get((_SCHENGEN_ROW if destination in SCHENGEN else destination, group), NO_RULE)


@cache
def _rules() -> dict[tuple[str, str], Rule]:
    with (Path(__file__).parent / "visas.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["destination"], row["nationality"]): _rule(row) for row in csv.DictReader(file)
        }


def _rule(row: dict[str, str]) -> Rule:
    return Rule(
        kind=VisaKind(row["kind"]),
        fee_usd=Decimal(row["fee_usd"]),
        processing_days=int(row["processing_days"]),
        validity_days=int(row["validity_days"]),
        stay_days=int(row["stay_days"]),
        passport_months=int(row["passport_months"]),
        documents=tuple(DocumentNeeded(code, LABELS[code]) for code in row["documents"].split()),
    )
