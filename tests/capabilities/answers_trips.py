"""Results of the capabilities of trips, with the answer and the records of each."""

from __future__ import annotations

from typing import Any

from tests.capabilities.answer_cases import Case, Empty, rupees
from voyagent.capabilities.capability import Choice
from voyagent.kernel.money import Money

SEARCH = {
    "origin": "BOM",
    "destination": "DXB",
    "outbound_date": "2026-12-12",
    "return_date": "2026-12-18",
    "passengers": {"adult": 2, "child": 1, "infant": 0, "senior": 0},
    "cabin": "business",
    "direct_only": True,
}
DIRECT: dict[str, Any] = {
    "fare_id": "f1",
    "price": rupees("54200.00"),
    "flights": ["EK 501", "EK 502"],
    "departs_at": "2026-12-12T20:25",
    "stops": 0,
    "refundable": True,
}
STOPS = {
    **DIRECT,
    "fare_id": "f2",
    "price": rupees("120000.00"),
    "flights": ["6E 61"],
    "stops": 2,
    "refundable": False,
    "above_budget": True,
}
DIRECT_ROW = "EK 501 / EK 502, 12 Dec 2026 20:25, without a stop, INR 54,200.00, refundable"
STOPS_ROW = "6E 61, 12 Dec 2026 20:25, 2 stops, INR 1,20,000.00"
STAY = {"city": "Goa", "check_in": "2026-12-12", "check_out": "2026-12-15", "guests": 2}
RATE: dict[str, Any] = {
    "rate_key": "r1",
    "hotel": "Cardamom County",
    "stars": 4,
    "room": "Deluxe",
    "price": rupees("18600.00"),
    "is_refundable": False,
    "board_basis": "bed_and_breakfast",
}
RATE_ROW = "Cardamom County, 4 stars, Deluxe, with breakfast, INR 18,600.00"
HELD: dict[str, Any] = {
    "held": True,
    "trip_id": "t1",
    "pnr_id": "l1",
    "locator": "QX7RTA",
    "flights": 2,
    "status": "held",
    "expires_at": "2026-12-01T18:45:00Z",
    "budget": None,
    "still_held": [],
}


def line(number: str, name: str, price: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "kind": "flight",
        "name": name,
        "status": "held",
        "starts_on": "2026-12-12",
        "ends_on": None,
        "price": rupees(price),
        "supplier_ref": "QX7RTA",
    } | changes


def fact(number: str, name: str, *steps: str, **amounts: str) -> dict[str, Any]:
    missing = ("booked_cost", "expected", "expected_bill_id", "billed", "paid", "invoiced")
    return {
        "line_id": number,
        "name": name,
        "status": "held",
        "currency": "INR",
        "quoted_cost": "50000.00",
        "quoted_price": "54200.00",
        **dict.fromkeys((*missing, "received")),
        "next_steps": list(steps),
    } | amounts


MARGINS = {
    "planned": "4200.00",
    "booked": "0.00",
    "actual": "54200.00",
    "forecast": "4300.00",
}
FACTS: dict[str, Any] = {
    "trip_id": "t1",
    "acceptance": "accepted",
    "lines": [
        fact("l1", "EK 501", "bill", expected="50000.00", invoiced="54200.00", received="20000.00"),
        fact("l2", "EK 502", quoted_cost="0.00", quoted_price="0.00"),
        fact("l3", "Dubai Marina", "invoice", "book", quoted_cost="0.00"),
    ],
    "margins": [
        {
            "currency": "INR",
            **{
                name: {"currency": "INR", "cost": "0.00", "price": margin, "margin": margin}
                for name, margin in MARGINS.items()
            },
        }
    ],
}
TRIP: dict[str, Any] = {
    "trip_id": "t1",
    "title": "Dubai in December",
    "status": "planned",
    "passengers": [{"id": "p1", "full_name": "Deepa Krishnan", "kind": "adult"}],
    "lines": [
        line("l1", "EK 501", "54200.00"),
        line("l2", "EK 502", "0.00"),
        line("l3", "Dubai Marina", "0.00", kind="hotel", supplier_ref=None, status="planned"),
    ],
    "totals": [{"currency": "INR", "cost": "50000.00", "price": "54200.00", "margin": "4200.00"}],
    "charges": [],
    "findings": [{"code": "x", "severity": "warning", "sentence": "A passport expires."}],
    "facts": FACTS,
}
PLACES = {"origin": "DXB", "destination": "Dubai Marina"}
ITINERARY: dict[str, Any] = {
    "trip_id": "t1",
    "passengers": ["Deepa Krishnan", "Ravi Menon"],
    "flights": [
        {
            "flight": "EK 501",
            "origin": "BOM",
            "destination": "DXB",
            "departs_at": "2026-12-12T20:25",
            "arrives_at": "2026-12-12T22:00",
        }
    ],
    "hotels": [
        {"name": "Sea View", "city": "Dubai", "check_in": "2026-12-12", "check_out": "2026-12-15"}
    ],
    "transfers": [{**PLACES, "on": "2026-12-12", "at": "23:00"}],
    "visas": [{"country": "AE", "status": "granted"}],
    "totals": [rupees("54200.00"), {"amount": "0.00", "currency": "AED"}],
}
VISA: dict[str, Any] = {
    "nationality": "IN",
    "destination": "AE",
    "kind": "electronic",
    "checklist": ["Passport copy", "Photo"],
    "fee": {"amount": "350.00", "currency": "AED"},
    "processing_days": 3,
    "stay_days": 30,
    "passport_months": 6,
    "source": "Consulate, 1 Nov 2026.",
}

CASES: list[Case] = [
    (
        "search_flights",
        SEARCH,
        {"count": 12, "fares": [DIRECT, STOPS], "budget": rupees("100000.00")},
        [
            "BOM – DXB, 12 Dec 2026 – 18 Dec 2026, 2 adults, one child, business class,"
            " direct only: 12 fares, valid for twenty minutes.",
            f"1. {DIRECT_ROW}",
            f"2. {STOPS_ROW}, above the budget of INR 1,00,000.00",
            "and 10 more",
        ],
        [
            Choice("f1", DIRECT_ROW, "EK 501", Money(5420000, "INR")),
            Choice("f2", STOPS_ROW, "6E 61", Money(12000000, "INR")),
        ],
    ),
    (
        "hold_flight",
        {"fare_id": "f1"},
        HELD,
        [
            "Held as QX7RTA, unpaid, until 2 Dec 2026 00:15."
            " Issue the tickets before the hold expires."
        ],
        [Choice("l1", "QX7RTA", "QX7RTA")],
    ),
    (
        "hold_flight",
        {"fare_id": "f1"},
        HELD
        | {
            "expires_at": None,
            "budget": rupees("50000.00"),
            "still_held": [
                {"locator": "AB12CD", "expires_at": "2026-12-01T10:00:00Z"},
                {"locator": "EF34GH", "expires_at": None},
            ],
        },
        [
            "Held as QX7RTA, unpaid. That is above the budget of INR 50,000.00."
            " The earlier booking AB12CD is still held until 1 Dec 2026 15:30. Release it if it is"
            " not needed."
            " The earlier booking EF34GH is still held. Release it if it is not needed."
            " Issue the tickets before the hold expires."
        ],
        [Choice("l1", "QX7RTA", "QX7RTA")],
    ),
    (
        "hold_flight",
        {"fare_id": "f1"},
        HELD | {"status": "ticketed"},
        ["Booking QX7RTA is already ticketed. Nothing more was held."],
        [Choice("l1", "QX7RTA", "QX7RTA")],
    ),
    (
        "hold_flight",
        {"fare_id": "f1"},
        {"held": False, "reason": "price_changed", "detail": "The price changed.", "fare": DIRECT},
        [f"The price changed. The fare is now: {DIRECT_ROW}."],
        [Choice("f1", DIRECT_ROW, "EK 501", Money(5420000, "INR"))],
    ),
    (
        "release_flight",
        {"pnr_id": "l1"},
        {
            "released": True,
            "trip_id": "t1",
            "pnr_id": "l1",
            "locator": "QX7RTA",
            "flights": 2,
            "withdrawn": 1,
        },
        ["Booking QX7RTA is released at no cost. The request to issue its tickets is withdrawn."],
        [],
    ),
    (
        "issue_ticket",
        {"pnr_id": "l1"},
        {
            "issued": True,
            "pnr_id": "l1",
            "locator": "QX7RTA",
            "tickets": ["176-1", "176-2"],
            "trip_id": "t1",
        },
        ["Booking QX7RTA is ticketed: 176-1, 176-2."],
        [Choice("l1", "QX7RTA", "QX7RTA")],
    ),
    (
        "read_pnr",
        {"locator": "QX7RTA"},
        {
            "pnr_id": "l1",
            "locator": "QX7RTA",
            "source": "Sandbox",
            "status": "held",
            "passengers": 3,
            "flights": 2,
            "tickets": 0,
        },
        ["Booking QX7RTA is held at Sandbox. Passengers: 3, flights: 2, tickets: 0."],
        [Choice("l1", "QX7RTA", "QX7RTA")],
    ),
    (
        "search_hotels",
        STAY,
        {"count": 1, "results": [RATE]},
        [
            "Goa, 12 Dec 2026 – 15 Dec 2026, 2 guests: one rate for the stay, valid for twenty"
            " minutes.",
            f"1. {RATE_ROW}",
        ],
        [Choice("r1", RATE_ROW, "", Money(1860000, "INR"))],
    ),
    (
        "check_hotel_rate",
        {"rate_key": "r1"},
        {"checked": True, **RATE},
        ["Cardamom County, Deluxe: INR 18,600.00 for the stay, not refundable."],
        [Choice("r1", RATE_ROW, "", Money(1860000, "INR"))],
    ),
    (
        "book_hotel",
        {"rate_key": "r1"},
        {
            "booked": True,
            "booking_id": "l3",
            "supplier": "sandbox",
            "supplier_ref": "H-9",
            "status": "booked",
            "trip_id": "t1",
        },
        ["The hotel is booked, number H-9."],
        [Choice("l3", "H-9", "H-9")],
    ),
    (
        "cancel_hotel_booking",
        {"booking_id": "l3"},
        {
            "cancelled": True,
            "booking_id": "l3",
            "status": "cancelled",
            "trip_id": "t1",
            "charge": rupees("6200.00"),
        },
        [
            "The hotel booking is cancelled. The hotel charges INR 6,200.00, which is recorded on"
            " the trip."
        ],
        [],
    ),
    (
        "read_hotel_booking",
        {"booking_id": "l3"},
        {
            "read": True,
            "booking_id": "l3",
            "supplier": "sandbox",
            "supplier_ref": "H-9",
            "status": "booked",
            "price": rupees("18600.00"),
            "check_in": "2026-12-12",
            "check_out": "2026-12-15",
        },
        ["Hotel booking H-9 is booked: 12 Dec 2026 – 15 Dec 2026, INR 18,600.00."],
        [Choice("l3", "H-9", "H-9", Money(1860000, "INR"))],
    ),
    (
        "visa_requirements",
        {"nationality": "IN", "destination": "AE"},
        VISA,
        [
            "An electronic visa is needed.",
            "- Passport copy",
            "- Photo",
            "Fee AED 350.00. Processing takes 3 days.",
            "Consulate, 1 Nov 2026.",
        ],
        [],
    ),
    (
        "file_visa",
        {"passenger_id": "p1", "destination": "AE"},
        {"filed": True, "line_id": "l4", "receipt": "V-7", "status": "filed", "trip_id": "t1"},
        ["The visa application for United Arab Emirates is filed, receipt V-7."],
        [],
    ),
    (
        "send_itinerary",
        {"to": "deepa@example.com"},
        {"sent": True, "trip_id": "t1", "to": "deepa@example.com"},
        ["Itinerary sent to deepa@example.com."],
        [],
    ),
    (
        "add_passenger",
        {"full_name": "Deepa Krishnan"},
        {
            "added": True,
            "trip_id": "t1",
            "passenger_id": "p1",
            "full_name": "Deepa Krishnan",
            "kind": "adult",
        },
        [
            "Deepa Krishnan is on the trip. Enter the passport number on the passenger’s page:"
            " [Deepa Krishnan](/trips/t1/passengers/p1)."
        ],
        [Choice("p1", "Deepa Krishnan")],
    ),
    (
        "remove_passenger",
        {"full_name": "Deepa"},
        {"removed": True, "trip_id": "t1", "full_name": "Deepa Krishnan"},
        ["Deepa Krishnan is removed from the trip."],
        [],
    ),
    (
        "add_transfer",
        {**PLACES, "on": "2026-12-12"},
        {
            "added": True,
            "trip_id": "t1",
            "line_id": "l5",
            "name": "DXB – Dubai Marina",
            "on": "2026-12-12",
            "price": rupees("0.00"),
        },
        ["Planned: DXB – Dubai Marina on 12 Dec 2026, no price yet."],
        [Choice("l5", "DXB – Dubai Marina")],
    ),
    (
        "show_trip",
        {},
        TRIP,
        [
            "Dubai in December: Deepa Krishnan",
            "1. EK 501, 12 Dec 2026, held, INR 54,200.00",
            "2. EK 502, 12 Dec 2026, held, in the fare above",
            "3. Dubai Marina, 12 Dec 2026, planned, no price yet",
            "The customer pays INR 54,200.00. Some services have no price yet.",
            "Services and documents",
            "- Invoiced: INR 54,200.00",
            "- Received: INR 20,000.00",
            "- Planned margin: INR 4,200.00",
            "- Booked margin: INR 0.00",
            "- Actual margin: INR 54,200.00",
            "- Forecast margin: INR 4,300.00",
            "Next",
            "- EK 501: Enter bill (INR 50,000.00)",
            "- Dubai Marina: Invoice (INR 54,200.00), Book",
            "A passport expires.",
        ],
        [
            Choice("l1", "EK 501", "QX7RTA", Money(5420000, "INR")),
            Choice("l2", "EK 502", "QX7RTA", Money(0, "INR")),
            Choice("l3", "Dubai Marina", "", Money(0, "INR")),
        ],
    ),
    (
        "read_itinerary",
        {},
        ITINERARY,
        [
            "Deepa Krishnan, Ravi Menon:",
            "- EK 501, BOM → DXB, 12 Dec 2026 20:25",
            "- Sea View, Dubai, 12 Dec 2026 – 15 Dec 2026",
            "- DXB → Dubai Marina, 12 Dec 2026 23:00",
            "- visa for United Arab Emirates, approved",
            "Total INR 54,200.00.",
            "As PDF: [/trips/t1/itinerary.pdf](/trips/t1/itinerary.pdf)",
        ],
        [],
    ),
]
NOTHING = {"flights": [], "hotels": [], "transfers": [], "visas": [], "totals": []}
EMPTY: list[Empty] = [
    (
        "search_flights",
        {**SEARCH, "return_date": None, "cabin": None, "direct_only": False},
        {"count": 0, "fares": [], "budget": None},
        "BOM – DXB, 12 Dec 2026, 2 adults, one child: no flights found. Search another day or"
        " another airport.",
    ),
    (
        "search_hotels",
        STAY,
        {"count": 0, "results": []},
        "Goa, 12 Dec 2026 – 15 Dec 2026, 2 guests: no hotels found. Search other days or another"
        " city, or allow a higher price.",
    ),
    (
        "show_trip",
        {},
        {**TRIP, "passengers": [], "lines": [], "totals": [], "findings": [], "facts": None},
        "Dubai in December: nobody yet\n\nThere is no price yet.",
    ),
    (
        "show_trip",
        {},
        {
            **TRIP,
            "lines": [],
            "totals": [],
            "findings": [],
            "facts": {
                **FACTS,
                "lines": [fact("l1", "EK 501", booked_cost="50000.00", billed="50000.00")],
                "margins": [],
            },
        },
        "Dubai in December: Deepa Krishnan\n\nThere is no price yet.\n\nServices and documents"
        "\n\n- Booked: INR 50,000.00\n- Billed: INR 50,000.00"
        "\n\nNothing is left to book, bill or invoice.",
    ),
    (
        "show_trip",
        {},
        {
            **TRIP,
            "lines": [],
            "totals": [],
            "findings": [],
            "facts": {**FACTS, "acceptance": "proposed"},
        },
        "Dubai in December: Deepa Krishnan\n\nThere is no price yet.",
    ),
    (
        "read_itinerary",
        {},
        {**NOTHING, "trip_id": "t1", "passengers": []},
        "The itinerary is empty. Add a flight, a hotel or another service first.",
    ),
    (
        "cancel_hotel_booking",
        {},
        {"cancelled": True, "charge": None},
        "The hotel booking is cancelled.",
    ),
    (
        "visa_requirements",
        {},
        VISA | {"kind": "unknown", "checklist": [], "fee": None, "processing_days": None},
        "No rule is known here. Ask the consulate.\n\nConsulate, 1 Nov 2026.",
    ),
    (
        "read_pnr",
        {},
        {"read": False, "reason": "capability_not_supported", "detail": "Not offered here."},
        "Not offered here.",
    ),
]
