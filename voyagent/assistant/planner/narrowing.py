"""What a person wants of the offers beside what a supplier is asked for: a price, an airline, a
time of day, stars, meals; and which offers of a list fit.

A search has no place for these, so the list that came is gone through. Offers keep the numbers that
they have in the whole list.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from voyagent.assistant.moves import Context
from voyagent.assistant.planner.wording import _
from voyagent.kernel.money import spoken
from voyagent.kernel.text.amounts import find_figures
from voyagent.kernel.text.passages import lead
from voyagent.trips.words import board_word

JsonObject = dict[str, Any]
UNDER = re.compile(
    r"\b(?:under|below|within|max(?:imum)?|budget(?: of)?|up ?to|less than|at most|not more"
    r" than|cheaper than)\s*$",
    re.IGNORECASE,
)
_A_NIGHT = re.compile(
    r"^\s*(?:/-)?\s*(?:(?:a|per|each)\s+night|/\s*night|p\.?n\b|nightly)", re.IGNORECASE
)
_AIRLINES = {
    "air india express": "IX", "air india": "AI", "indigo": "6E", "spicejet": "SG", "emirates": "EK", "flydubai": "FZ", "etihad": "EY", "air arabia": "G9",
    "qatar airways": "QR", "qatar": "QR", "saudia": "SV", "flynas": "XY", "gulf air": "GF", "kuwait airways": "KU", "jazeera": "J9", "oman air": "WY",
    "srilankan": "UL", "singapore airlines": "SQ", "scoot": "TR", "malaysia airlines": "MH", "airasia": "AK", "thai airways": "TG", "vietjet": "VJ",
    "lufthansa": "LH", "swiss": "LX", "air france": "AF", "klm": "KL", "british airways": "BA", "virgin atlantic": "VS", "turkish airlines": "TK",
    "turkish": "TK", "ethiopian": "ET", "cathay pacific": "CX", "cathay": "CX",
}  # fmt: skip
_AIRLINE = re.compile(
    r"(?<!to )(?<!from )(?<!the"
    rf" )\b(?P<name>{'|'.join(sorted(_AIRLINES, key=len, reverse=True))})\b(?!\s+(?:visa|passport|holidays))",
    re.IGNORECASE,
)
_HOURS = {"morning": (5, 12), "afternoon": (12, 17), "evening": (17, 22), "night": (20, 29)}
_PART_OF_DAY = re.compile(
    r"\b(?P<part>morning|afternoon|evening)s?\b|\b(?P<night>night|late|overnight)\s+(?:flights?|departures?|only)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(?P<side>before|after|by|latest|not before|not"
    r" after)\s+(?P<h>\d{1,2})(?::(?P<m>\d{2}))?\s*(?P<half>[ap])\.?m\b",
    re.IGNORECASE,
)
_GIVEN_BACK = re.compile(
    r"(?<!non-)(?<!non )(?<!not )\b(?:refundable|flexible|free cancellation)\b", re.IGNORECASE
)
_STARS = re.compile(
    r"\b(?P<n>[1-5])\s*(?:-\s*)?(?:stars?\b|\*)\s*(?P<more>\+|(?:and|or)\s+(?:above|more|better|higher|up)\b|plus\b)?",
    re.IGNORECASE,
)
_BOARDS = (
    ("full_board", re.compile(r"\b(?:full[- ]board|all meals)\b", re.IGNORECASE)),
    ("half_board", re.compile(r"\b(?:half[- ]board|map)\b", re.IGNORECASE)),
    ("bed_and_breakfast", re.compile(r"\b(?:breakfast|b ?& ?b|cp plan)\b", re.IGNORECASE)),
)
_MEALS = ("room_only", "bed_and_breakfast", "half_board", "full_board")
_NOT_SORTED = re.compile(
    r"\b(?:pool|beach(?:front)?|sea ?view|gym|spa|wi-?fi|parking|near (?:the"
    r" )?(?:airport|metro|beach|mall)|window|aisle|legroom|vegetarian|veg meals?"
    r"|halal|baggage|bags?|\d+\s*kg)\b",
    re.IGNORECASE,
)


_KNOWN_OF_SHOWN = frozenset({"refundable", "airlines", "hours", "stars", "board"})
"""What is known of offers that were shown, beside their price."""


def wanted(message: str, context: Context, *, hotels: bool = False) -> JsonObject:
    """What is wanted of the offers, as JSON; nothing where nothing is.

    `left` are the words for which offers say nothing.
    """
    found: JsonObject = {}
    for figure in find_figures(message):
        a_night = hotels and _A_NIGHT.match(message[figure.end :])
        if (
            UNDER.search(lead(message, figure.start))
            and figure.value > 0
            and (not hotels or a_night)
        ):
            found["most"] = {
                "amount": figure.plain,
                "currency": figure.currency or context.currency,
            }
            break
    if _GIVEN_BACK.search(message):
        found["refundable"] = True
    if hotels:
        stars = _STARS.search(message)
        if stars:
            found |= {"stars": int(stars["n"])} | ({"or_more": True} if stars["more"] else {})
        board = next((name for name, words in _BOARDS if words.search(message)), None)
        if board:
            found["board"] = board
    else:
        airlines = sorted(
            {_AIRLINES[match["name"].lower()] for match in _AIRLINE.finditer(message)}
        )
        if airlines:
            found["airlines"] = airlines
        hours = _hours(message)
        if hours:
            found["hours"] = hours
    left = sorted({match.group().lower() for match in _NOT_SORTED.finditer(message)})
    return found | ({"left": left} if left else {})


def _hours(message: str) -> list[int] | None:
    """From which minute of the day to which they leave."""
    clock = _CLOCK.search(message)
    if clock:
        minute = (int(clock["h"]) % 12 + (12 if clock["half"].lower() == "p" else 0)) * 60 + int(
            clock["m"] or 0
        )
        return (
            [minute, 24 * 60]
            if clock["side"].lower() in {"after", "not before"}
            else [0, minute + 1]
        )
    part = _PART_OF_DAY.search(message)
    if part is None:
        return None
    first, last = _HOURS[part["part"].lower() if part["part"] else "night"]
    return [first * 60, last * 60]


def fitting(
    offers: list[JsonObject], want: JsonObject, *, nights: int = 1, rooms: int = 1
) -> list[JsonObject]:
    """The offers that fit, each with the `number` that it has in the whole list."""
    numbered = [one | {"number": number} for number, one in enumerate(offers, 1)]
    return [one for one in numbered if _fits(one, want, nights * rooms)]


def comparable(want: JsonObject, offers: list[JsonObject]) -> tuple[JsonObject, str]:
    """What is wanted but for a price in another currency than the offers', which nothing here
    converts, and a sentence on that.
    """
    most = want.get("most")
    if (
        not most
        or not offers
        or any(one["price"]["currency"] == most["currency"] for one in offers)
    ):
        return want, ""
    told = _(
        "The offers are in %(currency)s, so I cannot hold them against %(amount)s: I do not"
        " convert.",
        currency=offers[0]["price"]["currency"],
        amount=spoken(most["amount"], most["currency"]),
    )
    return {name: value for name, value in want.items() if name != "most"}, told


def chosen_of(
    offers: list[JsonObject],
    pick: JsonObject | None,
    message: str,
    context: Context,
    *,
    hotels: bool,
) -> list[JsonObject] | None:
    """`the first refundable one`, `the cheapest Emirates flight` of offers that were shown: the one
    that stands there among those that fit.

    None where the words want nothing of the offers, or name one by its number: `the refundable
    number 3` is number 3.
    """
    want = {
        name: value
        for name, value in wanted(message, context, hotels=hotels).items()
        if name in _KNOWN_OF_SHOWN
    }
    if (
        not want
        or pick is None
        or not (pick.get("cheapest") or pick.get("counted") or pick.get("last"))
    ):
        return None
    fit = [one for one in offers if _fits(one, want, 1)]
    at = -1 if pick.get("last") else pick["number"] - 1
    return fit[at:][:1] if at < len(fit) else []


def _fits(one: JsonObject, want: JsonObject, shares: int) -> bool:
    most = want.get("most")
    if most and (
        one["price"]["currency"] != most["currency"]
        or Decimal(one["price"]["amount"]) > Decimal(most["amount"]) * shares
    ):
        return False
    if want.get("refundable") and not one.get("refundable", one.get("is_refundable")):
        return False
    if "airlines" in want and not all(flight[:2] in want["airlines"] for flight in one["flights"]):
        return False
    if "hours" in want and not _leaves_within(one["departs_at"], *want["hours"]):
        return False
    if "stars" in want and one.get("stars") is None:
        return False
    if "stars" in want and (
        one["stars"] < want["stars"] or (one["stars"] > want["stars"] and not want.get("or_more"))
    ):
        return False
    return "board" not in want or _MEALS.index(one["board_basis"]) >= _MEALS.index(want["board"])


def _leaves_within(departs_at: str, first: int, last: int) -> bool:
    minute = int(departs_at[11:13]) * 60 + int(departs_at[14:16])
    return first <= minute < last or first <= minute + 24 * 60 < last


def in_words(want: JsonObject, *, hotels: bool = False) -> str:
    """What was wanted, as a list in a sentence: `under INR 40,000, Emirates, leaving 05:00–12:00`."""
    said = []
    if "most" in want:
        money = spoken(want["most"]["amount"], want["most"]["currency"])
        said.append(
            _("at most %(amount)s per room and night", amount=money)
            if hotels
            else _("at most %(amount)s", amount=money)
        )
    if "airlines" in want:
        names = {code: name.title() for name, code in reversed(_AIRLINES.items())}
        said.append(", ".join(names[code] for code in want["airlines"]))
    if "hours" in want:
        first, last = (
            f"{minute // 60 % 24:02d}:{minute % 60:02d}"
            for minute in (want["hours"][0], want["hours"][1])
        )
        said.append(_("leaving %(first)s–%(last)s", first=first, last=last))
    if "stars" in want:
        said.append(
            _("%(stars)s stars or more", stars=want["stars"])
            if want.get("or_more")
            else _("%(stars)s stars", stars=want["stars"])
        )
    if "board" in want:
        said.append(board_word(want["board"]))
    if want.get("refundable"):
        said.append(_("refundable"))
    return ", ".join(said)


def unheard(want: JsonObject) -> str:
    """A sentence for the words that no offer says anything about; nothing where there are none."""
    return (
        _("I cannot sort by %(words)s: the offers do not say it.", words=", ".join(want["left"]))
        if want.get("left")
        else ""
    )
