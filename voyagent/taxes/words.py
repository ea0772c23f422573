"""Labels of the tax tables, and statements that invoices must show by law."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext as _l

from voyagent.kernel.errors import N_
from voyagent.taxes.rules.numbers import COUNTRY
from voyagent.taxes.rules.tables import states

STATE_NAMES = (
    N_("Jammu and Kashmir"),
    N_("Himachal Pradesh"),
    N_("Punjab"),
    N_("Chandigarh"),
    N_("Uttarakhand"),
    N_("Haryana"),
    N_("Delhi"),
    N_("Rajasthan"),
    N_("Uttar Pradesh"),
    N_("Bihar"),
    N_("Sikkim"),
    N_("Arunachal Pradesh"),
    N_("Nagaland"),
    N_("Manipur"),
    N_("Mizoram"),
    N_("Tripura"),
    N_("Meghalaya"),
    N_("Assam"),
    N_("West Bengal"),
    N_("Jharkhand"),
    N_("Odisha"),
    N_("Chhattisgarh"),
    N_("Madhya Pradesh"),
    N_("Gujarat"),
    N_("Dadra and Nagar Haveli and Daman and Diu"),
    N_("Maharashtra"),
    N_("Karnataka"),
    N_("Goa"),
    N_("Lakshadweep"),
    N_("Kerala"),
    N_("Tamil Nadu"),
    N_("Puducherry"),
    N_("Andaman and Nicobar Islands"),
    N_("Telangana"),
    N_("Andhra Pradesh"),
    N_("Ladakh"),
    N_("Outside India"),
    N_("Other territory"),
)
"""State names as in `states.csv`; listed here so that they are extracted for translation."""
TREATMENTS: dict[str, Any] = {
    "service_fee": _l("Service fee"),
    "air_domestic": _l("Air ticket, domestic, on the basic fare"),
    "air_international": _l("Air ticket, international, on the basic fare"),
    "tour_without_credit": _l("Tour, without input credit"),
    "tour_with_credit": _l("Tour, with input credit"),
    "flight_economy": _l("Flight, economy"),
    "flight_other_cabin": _l("Flight, other cabins"),
    "room": _l("Hotel room, by price per night"),
    "room_up_to_7500": _l("Hotel room up to 7,500 a night"),
    "room_above_7500": _l("Hotel room above 7,500 a night"),
    "cab_without_credit": _l("Cab with driver, without input credit"),
    "cab_with_credit": _l("Cab with driver, with input credit"),
    "rail_air_conditioned": _l("Rail, first class or air-conditioned"),
    "cruise": _l("Cruise"),
    "export_under_lut": _l("Export, without payment of tax (LUT)"),
    "export_with_tax": _l("Export, with payment of IGST"),
    "sez_under_lut": _l("Supply to an SEZ, without payment of tax (LUT)"),
    "sez_with_tax": _l("Supply to an SEZ, with payment of IGST"),
    "exempt": _l("Exempt or nil rated"),
    "standard": _l("Standard rate"),
}
SERVICE_CODES: dict[str, Any] = {
    "998551": _l("Reservation of tickets"),
    "998552": _l("Reservation of hotels, cruises and packages"),
    "998554": _l("Reservation of events"),
    "998555": _l("Tour operator"),
    "998556": _l("Tourist guide"),
    "998559": _l("Other travel arrangements, fees"),
    "996311": _l("Hotel room"),
    "996332": _l("Hotel meals"),
    "996425": _l("Scheduled flight"),
    "996426": _l("Charter flight"),
    "996421": _l("Rail travel"),
    "996424": _l("Cruise"),
    "996423": _l("Cab, long distance"),
    "996412": _l("Cab, local"),
    "996601": _l("Vehicle rental"),
    "996416": _l("Sightseeing transport"),
    "997157": _l("Money changing"),
    "997159": _l("Insurance commission"),
}
"""Labels of Indian service codes (SAC)."""
_WITH_TAX = "ON PAYMENT OF INTEGRATED TAX"
_UNDER_LUT = "UNDER BOND OR LETTER OF UNDERTAKING WITHOUT PAYMENT OF INTEGRATED TAX"
_EXPORT = "SUPPLY MEANT FOR EXPORT"
_SEZ = "SUPPLY TO SEZ UNIT OR SEZ DEVELOPER FOR AUTHORISED OPERATIONS"
REQUIRED_SENTENCES: dict[str, Any] = {
    "tour_without_credit": _l(
        "The amount charged includes the charges for accommodation, transport and the other"
        " services of the tour."
    ),
    # The law gives the words (Rule 46 of the CGST Rules), so they are not translated.
    "export_under_lut": f"{_EXPORT} {_UNDER_LUT}",
    "export_with_tax": f"{_EXPORT} {_WITH_TAX}",
    "sez_under_lut": f"{_SEZ} {_UNDER_LUT}",
    "sez_with_tax": f"{_SEZ} {_WITH_TAX}",
}
"""Statements that a document must show by law, by tax treatment."""


def component(code: str) -> str:
    """Return a tax component's label, such as `CGST`; it is never translated."""
    return code.upper()


def place_of_supply(code: str | None) -> str:
    """Return a state with its code, such as `Kerala (32)`; empty if there is no code."""
    return f"{gettext(states(COUNTRY)[code])} ({code})" if code else ""
