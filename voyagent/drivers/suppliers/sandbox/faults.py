"""Failures of the sandbox, by rule and never by chance, for tests and demonstrations.

By place: the country of departure, destination, hotel or visa. Every call fails with:

| place | failure |
|---|---|
| Antarctica (AQ, airport TNM) | TransientFailure: the supplier is down |
| US Minor Outlying Islands (UM, airport AWK) | it hangs until its deadline, UpstreamTimeout |
| Niue (NU, airport IUE) | RateLimited |
| Saint Helena (SH, airport HLE) | AuthenticationFailed |

By surname of any traveller or guest, in any case:

| surname | failure |
|---|---|
| Soldout | hold and book: SoldOut |
| Pricechange | hold and book: PriceChanged, about 6 % dearer; the new offer can be taken |
| Timeout | hold, book and file hang: UpstreamTimeout, in doubt |
| Noticket | hold works, issue: TicketingRefused |
| Lateticket | hold works, issue hangs: UpstreamTimeout, in doubt |
| Novisa | the application is refused once it is decided |
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
from voyagent.drivers.suppliers.protocols import Traveller


class Fault(StrEnum):
    """The surnames."""

    SOLD_OUT = "soldout"
    PRICE_CHANGE = "pricechange"
    TIMEOUT = "timeout"
    NO_TICKET = "noticket"
    LATE_TICKET = "lateticket"
    NO_VISA = "novisa"


class Faults:
    """The faults of one driver; `stall_s` is the length of a hang."""

    def __init__(self, driver: str, stall_s: float) -> None:
        self._driver = driver
        self._stall_s = stall_s

    def at(self, countries: Iterable[str]) -> None:
        """Fail as one of the countries does.

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
        """Hang, then raise UpstreamTimeout."""
        threading.Event().wait(self._stall_s)
        raise UpstreamTimeout(self._driver, "stalled", in_doubt=True)


def fault_of(travellers: Iterable[Traveller]) -> Fault | None:
    """Return the fault of the first matching surname."""
    for one in travellers:
        name = one.surname.strip().casefold()
        if name in set(Fault):
            return Fault(name)
    return None
