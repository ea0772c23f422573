"""Checks of queries, offers and travellers before a supplier is called.

In all checks `driver` is the name of the supplier's driver, which the errors contain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from voyagent.drivers.suppliers.errors import OfferExpired, ValidationFailed
from voyagent.drivers.suppliers.protocols.flights import FlightOffer, FlightQuery
from voyagent.drivers.suppliers.protocols.hotels import HotelQuery, HotelRate
from voyagent.drivers.suppliers.protocols.parts import Party, PassengerKind, Traveller
from voyagent.drivers.suppliers.protocols.visas import VisaApplication
from voyagent.kernel import clock
from voyagent.kernel.money import is_currency

SEATS_MAX = 9
"""Maximum number of seats in one airline booking."""
DAYS_AHEAD_MAX = 361
"""Number of days ahead for which airlines sell flights."""
HOTEL_DAYS_AHEAD_MAX = 500
NIGHTS_MAX = 30
GUESTS_MAX = 9
REFERENCE_MAX = 128
_BEHIND_UTC = timedelta(hours=12)
"""Offset from UTC of the time zone in which a day ends last."""
_AGES = {
    PassengerKind.INFANT: (0, 2),
    PassengerKind.CHILD: (2, 12),
    PassengerKind.ADULT: (12, 150),
    PassengerKind.SENIOR: (60, 150),
}


def check_flight_query(driver: str, query: FlightQuery) -> None:
    """Check the airports, days, passengers and currency of a flight search.

    Raises ValidationFailed.
    """
    for field in ("origin", "destination"):
        if re.fullmatch(r"[A-Z]{3}", getattr(query, field)) is None:
            raise ValidationFailed(driver, field, "not an IATA code")
    if query.origin == query.destination:
        raise ValidationFailed(driver, "destination", "the same as the origin")
    _check_days(driver, "outbound_date", query.outbound_date, DAYS_AHEAD_MAX)
    if query.return_date is not None:
        _check_days(driver, "return_date", query.return_date, DAYS_AHEAD_MAX)
        if query.return_date < query.outbound_date:
            raise ValidationFailed(driver, "return_date", "before the outbound flight")
    check_party(driver, query.party)
    _check_currency(driver, query.currency)


def check_party(driver: str, party: Party) -> None:
    """Check that one booking can have these passengers.

    There must be at least one adult or senior, one adult or senior for each infant, and at most
    SEATS_MAX seats. Raises ValidationFailed.
    """
    if min(party.adult, party.child, party.infant, party.senior) < 0 or party.grown < 1:
        raise ValidationFailed(driver, "party", "no adult")
    if party.infant > party.grown:
        raise ValidationFailed(driver, "party", "more infants than adults")
    if party.seats > SEATS_MAX:
        raise ValidationFailed(driver, "party", f"more than {SEATS_MAX} seats")


def check_offer(driver: str, offer: FlightOffer | HotelRate) -> None:
    """Check that an offer was made by this driver and is still valid.

    Raises ValidationFailed, OfferExpired.
    """
    if offer.supplier != driver:
        raise ValidationFailed(driver, "supplier", "another driver's offer")
    if offer.valid_until <= clock.now():
        raise OfferExpired(driver)


def check_travellers(driver: str, offer: FlightOffer, travellers: Sequence[Traveller]) -> None:
    """Check number, names and ages of the travellers against a flight offer.

    The numbers of adults, children, infants and seniors must be the same as in the offer. An age is
    the age on the day on which the last flight arrives. The age of a traveller without a date of
    birth is not checked. Raises ValidationFailed.
    """
    if Counter(one.kind for one in travellers) != Counter(dict(offer.party.counts)):
        raise ValidationFailed(driver, "travellers", "other kinds or numbers than in the offer")
    last_day = offer.journeys[-1].arrives_at.date()
    for one in travellers:
        _check_name(driver, one)
        if one.date_of_birth is not None:
            youngest, oldest = _AGES[one.kind]
            if not youngest <= age_on(last_day, one.date_of_birth) < oldest:
                raise ValidationFailed(driver, "date_of_birth", f"does not fit {one.kind}")


def check_hotel_query(driver: str, query: HotelQuery) -> None:
    """Check a hotel search: country, city, days, guests, currency and budget.

    Raises ValidationFailed.
    """
    if re.fullmatch(r"[A-Z]{2}", query.country) is None:
        raise ValidationFailed(driver, "country", "not an ISO code")
    if not query.city.strip():
        raise ValidationFailed(driver, "city")
    _check_days(driver, "check_in", query.check_in, HOTEL_DAYS_AHEAD_MAX)
    if not 1 <= query.nights <= NIGHTS_MAX:
        raise ValidationFailed(driver, "check_out", f"not 1 to {NIGHTS_MAX} nights")
    if not 1 <= query.guests <= GUESTS_MAX:
        raise ValidationFailed(driver, "guests", f"not 1 to {GUESTS_MAX}")
    _check_currency(driver, query.currency)
    if query.budget_max is not None and query.budget_max.currency != query.currency:
        raise ValidationFailed(driver, "budget_max", "not in the currency of the prices")


def check_guests(driver: str, rate: HotelRate, guests: Sequence[Traveller]) -> None:
    """Check the number and the names of the guests against a hotel rate.

    There must be at least one guest, and at most `rate.guests`. Raises ValidationFailed.
    """
    if not 1 <= len(guests) <= rate.guests:
        raise ValidationFailed(driver, "guests", "none, or more than in the rate")
    for one in guests:
        _check_name(driver, one)


def check_application(driver: str, application: VisaApplication) -> None:
    """Check countries, currency, days and traveller's name of a visa application.

    Raises ValidationFailed.
    """
    check_countries(driver, application.nationality, application.destination, application.currency)
    if application.arrives_on < application.filed_on:
        raise ValidationFailed(driver, "arrives_on", "before the day of filing")
    _check_name(driver, application.traveller)


def check_countries(driver: str, nationality: str, destination: str, currency: str) -> None:
    """Check the country codes and the currency of a visa query.

    Raises ValidationFailed.
    """
    for field, code in (("nationality", nationality), ("destination", destination)):
        if re.fullmatch(r"[A-Z]{2}", code) is None:
            raise ValidationFailed(driver, field, "not an ISO code")
    _check_currency(driver, currency)


def check_reference(driver: str, reference: str) -> None:
    """Check our reference for a call to a supplier.

    It must be printable ASCII text of 1 to REFERENCE_MAX characters. Raises ValidationFailed.
    """
    if not (
        0 < len(reference) <= REFERENCE_MAX and reference.isascii() and reference.isprintable()
    ):
        raise ValidationFailed(driver, "reference")


def age_on(day: date, born: date) -> int:
    """Return a person's age in years on `day`; `born` is the date of birth.

    In a year without 29 February, a birthday on 29 February counts as 1 March.
    """
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def earliest_today(now: datetime) -> date:
    """Return the current date in the time zone UTC-12, in which a day ends last.

    A day before this date is past in every time zone.
    """
    return (now - _BEHIND_UTC).date()


def _check_days(driver: str, field: str, day: date, ahead_max: int) -> None:
    today = earliest_today(clock.now())
    if day < today:
        raise ValidationFailed(driver, field, "in the past")
    if (day - today).days > ahead_max:
        raise ValidationFailed(driver, field, f"more than {ahead_max} days ahead")


def _check_name(driver: str, one: Traveller) -> None:
    if not one.surname.strip():
        raise ValidationFailed(driver, "surname")


def _check_currency(driver: str, currency: str) -> None:
    if not is_currency(currency):
        raise ValidationFailed(driver, "currency", "not an ISO 4217 code")
