"""How to make the sandbox fail: by rule and never by chance, so that tests and demonstrations get
the failure that they want.

| by place (the country that one flies to or from, has a hotel in, or needs a visa for) | every call
fails with |
|---|---|
| Antarctica (AQ, airport TNM) | TransientFailure: the supplier is down |
| United States Minor Outlying Islands (UM, airport AWK) | nothing at all: the call hangs until its
deadline, UpstreamTimeout |
| Niue (NU, airport IUE) | RateLimited |
| Saint Helena (SH, airport HLE) | AuthenticationFailed |

| by surname of any traveller or guest, in any case | what happens |
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
    """The table above for one driver; `stall_s` is how long a call that hangs does so before it
    fails by itself.
    """

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
        """Hang. Raises UpstreamTimeout, should nobody have given up before."""
        threading.Event().wait(self._stall_s)
        raise UpstreamTimeout(self._driver, "stalled", in_doubt=True)


def fault_of(travellers: Iterable[Traveller]) -> Fault | None:
    """What the surnames ask for; the first one counts."""
    for one in travellers:
        name = one.surname.strip().casefold()
        if name in set(Fault):
            return Fault(name)
    return None
