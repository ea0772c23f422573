"""The content of a billing document before it is typeset as PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale, gettext as _

from voyagent.billing.core.words.taxes import tax_number_words
from voyagent.drivers.paper import Paper, picture
from voyagent.http.extensions import installed
from voyagent.http.template_filters import symbol_money
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money
from voyagent.kernel.spelling import in_words
from voyagent.mail.service import Attached


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Content of a printed document in the current language.

    `facts`, `parts`, `settled` and `plan` are lists of pairs: a label and its value. `facts` has
    dates and references, and `parts` has the amounts that make up the total. `settled` has payments
    and credits, and `plan` has instalments. `due` is the label and value of the amount due. `rate`
    is the booked exchange rate as text. `is_signed` says that there is a place for a signature, as
    Rule 46 asks.
    """

    title: str
    number: str
    file: str
    lead: str
    party: str
    facts: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    total_label: str
    total: Money
    party_line: str = ""
    parts: Sequence[tuple[str, str]] = ()
    rate: str = ""
    settled: Sequence[tuple[str, str]] = ()
    due: tuple[str, str] | None = None
    plan_label: str = ""
    plan: Sequence[tuple[str, str]] = ()
    asks_for_payment: bool = False
    notes_label: str = ""
    notes: str = ""
    stamp: str = ""
    is_signed: bool = False

    def typeset(self, letterhead: Mapping[str, Any], agency: str) -> Attached:
        """Return the document as a PDF; its file name is `file` with the extension."""
        typesetter = installed(Paper, "paper")
        return Attached(
            f"{self.file}.pdf",
            "application/pdf",
            typesetter.pdf("document.typ", self._template_data(letterhead, agency)),
        )

    def _template_data(self, letterhead: Mapping[str, Any], agency: str) -> dict[str, Any]:
        locale = get_locale()
        language = locale.language if locale else "en"
        return {
            "lang": language,
            "title": self.title,
            "number": self.number,
            "stamp": self.stamp,
            "agency": agency,
            "logo": picture(letterhead["logo"]),
            "address": letterhead.get("address") or "",
            "tax_number": tax_number_words(letterhead.get("tax_number")),
            "lead": self.lead,
            "party": self.party,
            "party_line": self.party_line,
            "facts": [_labelled(label, value) for label, value in self.facts if value],
            "columns": self.columns,
            "rows": self.rows,
            "parts": [_labelled(label, value, "amount") for label, value in self.parts],
            "total_label": self.total_label,
            "total": symbol_money(self.total),
            "total_in_words": in_words(self.total, language),
            "rate": self.rate,
            "settled": [_labelled(label, value, "amount") for label, value in self.settled],
            "due": _labelled(*self.due, "amount") if self.due else None,
            "plan_label": self.plan_label,
            "plan": [_labelled(label, value, "amount") for label, value in self.plan],
            "bank_label": _("Please pay to"),
            "bank": (letterhead.get("bank_details") or "") if self.asks_for_payment else "",
            "notes_label": self.notes_label,
            "notes": self.notes,
            "signature": (
                [_("For %(agency)s", agency=agency), _("Authorised signatory")]
                if self.is_signed
                else []
            ),
            "footer": f"{self.title} {self.number} · {agency}",
        }


def _labelled(label: str, value: str, name: str = "value") -> Row:
    return {"label": label, name: value}
