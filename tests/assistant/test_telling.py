"""What the built-in planner says of what a tool gave: lists of offers that can be picked from, days
in words, a refusal in the rule's own sentence.
"""

from __future__ import annotations

from typing import Any

from voyagent.assistant.moves import Call, Outcome
from voyagent.assistant.planner import sentences, telling

ASKED = {
    "origin": "COK",
    "destination": "DXB",
    "outbound_date": "2026-12-12",
    "passengers": {"adult": 1},
}
PRICE = {"amount": "45000.00", "currency": "INR"}


def fare(**changes: Any) -> dict[str, Any]:
    return {
        "flights": ["EK 501", "EK 502"],
        "departs_at": "2026-12-12T20:25",
        "stops": 0,
        "price": PRICE,
        "refundable": False,
    } | changes


def test_fares_are_numbered_with_their_day_in_words_and_what_is_left_out() -> None:
    told = telling.tell(
        "search_flights", ASKED, {"count": 20, "fares": [fare(), fare(refundable=True)]}
    )
    assert told is not None
    assert told.splitlines() == [
        "COK – DXB, 12 Dec 2026, one adult: 20 fares, good for twenty minutes.",
        "1. EK 501 / EK 502, 12 Dec 2026 20:25, without a stop, INR 45,000.00",
        "2. EK 501 / EK 502, 12 Dec 2026 20:25, without a stop, INR 45,000.00, refundable",
        "",
        "and 18 more",
    ]


def test_rates_are_numbered_and_say_which_can_be_given_back() -> None:
    rates = [
        {"hotel": "Amber Court", "room": "Double", "price": PRICE, "is_refundable": refundable}
        for refundable in (False, True)
    ]
    told = telling.tell("search_hotels", {}, {"count": 2, "results": rates})
    assert told is not None
    assert told.splitlines() == [
        "2 rates.",
        "1. Amber Court, Double, INR 45,000.00",
        "2. Amber Court, Double, INR 45,000.00, refundable",
    ]


def test_a_booking_of_a_hotel_and_its_rate_are_told_in_a_sentence() -> None:
    booking = {
        "supplier_ref": "H-1",
        "status": "booked",
        "check_in": "2026-12-12",
        "check_out": "2026-12-18",
        "price": PRICE,
    }
    assert (
        telling.tell("read_hotel_booking", {}, booking)
        == "Hotel booking H-1 is booked: 12 Dec 2026 – 18 Dec 2026, INR 45,000.00."
    )
    rate = {
        "rate_key": "k",
        "hotel": "Amber Court",
        "room": "Double",
        "price": PRICE,
        "is_refundable": False,
    }
    assert (
        telling.tell("check_hotel_rate", {}, rate)
        == "Amber Court, Double stands at INR 45,000.00 for the stay and cannot be given back."
    )
    assert (
        telling.tell(
            "check_hotel_rate",
            {},
            {
                "checked": False,
                "reason": "capability_not_supported",
                "detail": "Nobody sells hotels.",
            },
        )
        == "Nobody sells hotels."
    )


def test_a_refusal_is_told_in_the_rules_own_sentence() -> None:
    refused = Outcome(error="trip_not_found", message="This conversation has no trip yet.")
    assert sentences.tell(Call("show_trip", {}), refused) == "This conversation has no trip yet."
    assert (
        sentences.tell(Call("create_invoice", {}), Outcome(error="x", message="No."))
        == "I could not draw up the invoice. No."
    )
    assert sentences.tell(Call("show_trip", {}), Outcome(error="x")) == "That did not work."


def test_a_list_is_gone_through_for_what_was_wanted_and_keeps_its_numbers() -> None:
    fares = [
        fare(flights=["IX 435"]),
        fare(),
        fare(price={"amount": "30000.00", "currency": "INR"}, departs_at="2026-12-12T08:00"),
    ]
    want = {
        "most": {"amount": "40000", "currency": "INR"},
        "airlines": ["EK"],
        "hours": [300, 720],
        "left": ["pool"],
    }
    told = telling.tell(
        "search_flights", ASKED | {"cabin": "business"}, {"count": 3, "fares": fares, "want": want}
    )
    assert told is not None
    assert told.splitlines() == [
        (
            "COK – DXB, 12 Dec 2026, one adult, business class: 3 fares, good for twenty minutes."
            " One of these fits what you asked for: at most INR 40,000.00, Emirates, leaving"
            " 05:00–12:00."
        ),
        "3. EK 501 / EK 502, 12 Dec 2026 08:00, without a stop, INR 30,000.00",
        "I cannot sort by pool: the offers do not say it.",
    ]
    none = telling.tell(
        "search_flights", ASKED, {"count": 3, "fares": fares, "want": {"airlines": ["QR"]}}
    )
    assert none is not None
    assert "None of these fits what you asked for: Qatar Airways. Here are all of them." in none
    assert "3. EK 501" in none


def test_hotels_are_told_with_stars_and_meals_and_gone_through_by_the_night() -> None:
    def rate(stars: int, board: str, amount: str) -> dict[str, Any]:
        return {
            "hotel": f"House {stars}",
            "room": "Double",
            "stars": stars,
            "board_basis": board,
            "price": {"amount": amount, "currency": "INR"},
            "is_refundable": False,
        }

    rates = [
        rate(3, "room_only", "18000.00"),
        rate(5, "bed_and_breakfast", "20000.00"),
        rate(5, "bed_and_breakfast", "20001.00"),
    ]
    asked = {"check_in": "2026-12-12", "check_out": "2026-12-14", "guests": 2}
    want = {
        "most": {"amount": "10000", "currency": "INR"},
        "stars": 5,
        "board": "bed_and_breakfast",
    }
    told = telling.tell("search_hotels", asked, {"count": 3, "results": rates, "want": want})
    assert told is not None
    assert told.splitlines()[1:] == ["2. House 5, 5 stars, Double, with breakfast, INR 20,000.00"]
    assert "at most INR 10,000.00 per room and night, 5 stars, with breakfast" in told
    two = telling.tell("search_hotels", asked, {"count": 3, "results": rates, "want": {"stars": 5}})
    assert two is not None
    assert two.startswith(
        "12 Dec 2026 – 14 Dec 2026, 2 guests: 3 rates. 2 of these fit what you asked for: 5"
        " stars.\n"
    )
