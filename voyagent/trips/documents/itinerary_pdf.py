"""The itinerary as a PDF."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask_babel import get_locale, gettext as _

from voyagent.drivers.paper import Paper, picture
from voyagent.http.extensions import installed
from voyagent.http.template_filters import symbol_money
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Reader
from voyagent.mail.service import Attached
from voyagent.settings import queries as settings
from voyagent.trips.queries.itinerary import Itinerary, file_name, itinerary_of
from voyagent.trips.rules.journey import Journey


def sheet_of(journey: Journey, *, prices: bool = True) -> Itinerary:
    """Return the contents of the itinerary, with the total prices if `prices` is true.

    A total of zero is left out.
    """
    return itinerary_of(
        journey,
        [symbol_money(total.price) for total in journey.totals if total.price] if prices else [],
    )


def document_of(
    reader: Reader, journey: Journey, agency: str, *, prices: bool = True, contact: str = ""
) -> Attached:
    """Return the itinerary as a PDF in the current language.

    `contact` is the person whom the customer can ask: a name, and an e-mail address on a second
    line if it is to be printed. The default is the name of the person who created the trip.
    """
    typesetter = installed(Paper, "paper")
    data = _on_paper(sheet_of(journey, prices=prices), agency, contact or journey.trip["opened_by"])
    data["logo"] = picture(settings.read_letterhead(reader)["logo"])
    return Attached(
        f"{file_name(journey.trip['title'], clock.now())}.pdf",
        "application/pdf",
        typesetter.pdf("itinerary.typ", data),
    )


def _on_paper(sheet: Itinerary, agency: str, contact: str) -> dict[str, Any]:
    """Return the itinerary as input of the PDF template."""
    data = asdict(sheet) | {
        "summaries": [{"name": name, "words": words} for name, words in sheet.summaries]
    }
    for thing in (
        *data["undated"],
        *(thing for day in data["days"] for thing in (*day["before"], *day["legs"], *day["items"])),
    ):
        del thing["line_id"]
    locale = get_locale()
    return data | {
        "lang": locale.language if locale else "en",
        "agency": agency,
        "booking": _("Booking %(number)s", number=sheet.booking) if sheet.booking else "",
        "contact": f"{contact}\n{agency}",
        "footer": f"{sheet.title} · {agency}",
        "words": {
            "included": _("Also in the price"),
            "price": _("Total price"),
            "notes": _("Good to know"),
            "contact": _("We are there for you"),
        },
    }
