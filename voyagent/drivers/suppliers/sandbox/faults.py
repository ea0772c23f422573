"""Failures that the sandbox simulates, for tests and demonstrations.

The failures follow rules and not chance.

A call fails if its query, offer, rate or application is for one of these countries: the country of
the departure, of the destination, of the hotel or of the visa.

| country | failure |
|---|---|
| Antarctica (AQ, airport TNM) | TransientFailure: the supplier is unavailable |
| US Minor Outlying Islands (UM, airport AWK) | UpstreamTimeout after a wait without a response |
| Niue (NU, airport IUE) | RateLimited |
| Saint Helena (SH, airport HLE) | AuthenticationFailed |

A call also fails if a traveller or guest has one of these surnames, in upper or lower case. `hold`
and `issue` are calls for flights, `book` is a call for hotels, and `file` is a call for visas.

| surname | failure |
|---|---|
| Soldout | `hold` and `book` raise SoldOut |
| Pricechange | `hold` and `book` raise PriceChanged with a bookable offer, about 6 % dearer |
| Timeout | `hold`, `book` and `file` raise UpstreamTimeout with `in_doubt`, after a wait |
| Noticket | `hold` succeeds, and `issue` raises TicketingRefused |
| Lateticket | `hold` succeeds, and `issue` raises UpstreamTimeout with `in_doubt`, after a wait |
| Novisa | `file` succeeds; on the day of the decision the visa is refused |
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from enum import StrEnum

from voyagent.drivers.suppliers.errors import (
    AuthenticationFailed,
    RateLimited,
    TransientFailure,
    UpstreamTimeout,
)
from voyagent.drivers.suppliers.protocols.parts import Traveller


class Fault(StrEnum):
    """Surnames that cause failures."""

    SOLD_OUT = "soldout"
    PRICE_CHANGE = "pricechange"
    TIMEOUT = "timeout"
    NO_TICKET = "noticket"
    LATE_TICKET = "lateticket"
    NO_VISA = "novisa"


class Faults:
    """The failures that the sandbox simulates, as errors of the driver `driver`.

    `stall_s` is the number of seconds that a call waits if it simulates a time-out.
    """

    def __init__(self, driver: str, stall_s: float) -> None:
        self._driver = driver
        self._stall_s = stall_s

    def at(self, countries: Iterable[str]) -> None:
        """Raise the simulated failure of the first country that has one.

        Raises TransientFailure, UpstreamTimeout, RateLimited, AuthenticationFailed.
        """
        for country in countries:
            if country == "AQ":
                raise TransientFailure(
                    self._driver, "the supplier is down", vendor_ref="SBX-AQ", retry_after_s=30
                )
            if country == "UM":
                self.stall()
            if country == "NU":
                raise RateLimited(
                    self._driver, "too many requests", vendor_ref="SBX-NU", retry_after_s=60
                )
            if country == "SH":
                raise AuthenticationFailed(self._driver, "unknown credentials", vendor_ref="SBX-SH")

    def stall(self) -> None:
        """Wait for `stall_s` seconds, then raise UpstreamTimeout."""
        threading.Event().wait(self._stall_s)
        raise UpstreamTimeout(self._driver, "stalled", in_doubt=True)


def fault_of(travellers: Iterable[Traveller]) -> Fault | None:
    """Return the failure of the first traveller whose surname causes one, or None."""
    for one in travellers:
        name = one.surname.strip().casefold()
        if name in set(Fault):
            return Fault(name)
    return None
