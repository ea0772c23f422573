"""Errors of suppliers, the same for all drivers.

Each error has `driver`, the name of the driver, and `reason`, the supplier's text, which is for the
log only. `vendor_ref` is the supplier's id of the incident. `retry_after_s` is the number of
seconds to wait, if a retry can succeed. The direct subclasses of SupplierError are the kinds of
errors in the API contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voyagent.kernel.errors import N_, Conflict, Invalid, NotFound, Unavailable, VoyagentError

if TYPE_CHECKING:
    from voyagent.drivers.suppliers.protocols.flights import FlightOffer
    from voyagent.drivers.suppliers.protocols.hotels import HotelRate


class SupplierError(VoyagentError):
    """Base class of the errors of suppliers.

    If `in_doubt` is true, the supplier may have made the change that was requested. A repeated call
    with the same reference shows whether the change was made.
    """

    code = "supplier_error"
    message = N_("The supplier could not process this request.")
    retry_after_s: int | None = None
    in_doubt = False

    def __init__(
        self,
        driver: str,
        reason: str = "",
        *,
        vendor_ref: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(self.code)
        self.driver = driver
        self.reason = reason
        self.vendor_ref = vendor_ref
        if retry_after_s is not None:
            self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.driver}: {self.code}" + (f" ({self.reason})" if self.reason else "")


class CapabilityNotSupported(SupplierError, Conflict):
    """The driver does not support the call, or no supplier is connected."""

    code = "capability_not_supported"
    message = N_("The connected supplier does not offer this.")


class AuthenticationFailed(SupplierError, Unavailable):
    """The supplier rejects the agency's credentials; the operator must correct them."""

    code = "supplier_authentication_failed"
    message = N_(
        "The supplier rejected the agency’s credentials. Ask an administrator to check them."
    )
    retry_after_s = None


class AuthorizationFailed(SupplierError, Conflict):
    """The supplier does not allow the agency to make this call."""

    code = "supplier_not_permitted"
    message = N_("The supplier does not allow this for your agency.")


class RateLimited(SupplierError, Unavailable):
    """The supplier's rate limit is reached."""

    code = "supplier_rate_limited"
    message = N_("The supplier is limiting requests. Try again in a minute.")
    retry_after_s = 60


class TransientFailure(SupplierError, Unavailable):
    """The supplier is unavailable or busy; nothing was changed."""

    code = "supplier_unavailable"
    message = N_("The supplier can’t be reached. Nothing was changed. Try again in a moment.")
    retry_after_s = 30


class UpstreamTimeout(SupplierError, Unavailable):
    """The supplier did not respond in time.

    `in_doubt` is true if the call was meant to change something at the supplier.
    """

    code = "supplier_timeout"
    message = N_("The supplier did not answer in time. Try again; nothing is booked twice.")
    retry_after_s = 15

    def __init__(self, driver: str, reason: str = "", *, in_doubt: bool = False) -> None:
        super().__init__(driver, reason)
        self.in_doubt = in_doubt


class PermanentFailure(SupplierError, Conflict):
    """The supplier refuses the request, and a retry would fail too."""

    code = "supplier_refused"
    message = N_("The supplier declined this request. Trying again will not help.")


class TicketingRefused(PermanentFailure):
    """The airline refuses to issue tickets.

    The booking stays held until its time limit.
    """

    code = "ticketing_refused"
    message = N_("The airline declined to issue the ticket. The booking is still held.")


class ValidationFailed(SupplierError, Invalid):
    """The request is invalid for this supplier; `field` is the name of the field."""

    code = "supplier_validation_failed"
    message = N_(
        "The supplier did not accept these details. Check the places, dates and travellers."
    )

    def __init__(self, driver: str, field: str, reason: str = "") -> None:
        super().__init__(driver, f"{field}: {reason}" if reason else field)
        self.field = field


class UnknownAtSupplier(SupplierError, NotFound):
    """The supplier has no such offer, rate or booking."""

    code = "supplier_not_found"
    message = N_("The supplier does not know this offer or booking.")


class ConflictAtSupplier(SupplierError, Conflict):
    """The state of the booking at the supplier does not allow the action."""

    code = "supplier_conflict"
    message = N_("The supplier says that the booking’s status does not allow this.")


class SoldOut(ConflictAtSupplier):
    """No seat or room is left."""

    code = "sold_out"
    message = N_("Sold out. Search again.")


class OfferExpired(ConflictAtSupplier):
    """The offer has expired; a new search is needed."""

    code = "offer_expired"
    message = N_("This offer has expired. Search again.")


class HoldExpired(ConflictAtSupplier):
    """The hold has expired and the airline has released the seats."""

    code = "hold_expired"
    message = N_("The booking was not ticketed in time, so the airline released it.")


class PriceChanged(ConflictAtSupplier):
    """The price has changed and nothing was booked.

    `new` is the offer or rate at the current price.
    """

    code = "price_changed"
    message = N_("The price has changed. Check the new price before you continue.")

    def __init__(self, driver: str, new: FlightOffer | HotelRate) -> None:
        super().__init__(driver)
        self.new = new
