"""Errors of the services of trips; "not found" errors are in `queries`."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, Invalid, NotFound


class TripAlreadyOpen(Conflict):
    """The conversation has a trip already."""

    code = "trip_already_open"
    message = N_("This conversation already has a trip.")


class AnotherTripAccepted(Conflict):
    """Another trip of the enquiry is accepted."""

    code = "another_trip_accepted"
    message = N_(
        "Another trip of this enquiry is accepted. Take that decision back before you accept this"
        " one."
    )


class TripHasFacts(Conflict):
    """The trip has a booking or an issued invoice, so it is not declined or cancelled."""

    code = "trip_has_facts"
    message = N_(
        "This trip has a booked service or an issued invoice. Cancel the service and void the"
        " invoice first."
    )


class TripFull(Conflict):
    """The trip has the maximum number of passengers or lines."""

    code = "trip_full"
    message = N_("This trip is full. Create a second trip for the rest.")


class LineKindFixed(Invalid):
    """The kind of a trip line cannot change."""

    code = "line_kind_fixed"
    message = N_("A service’s type can’t change. Remove it and add another.")


class LineIsCommitted(Conflict):
    """The line has a booking or a visa application.

    The line must be cancelled before it is removed.
    """

    code = "line_is_committed"
    message = N_("This service is held or booked. Cancel it before you remove it.")


class LineAtSupplier(Conflict):
    """The line is booked at a supplier, so its booking data and cost cannot change."""

    code = "line_at_supplier"
    message = N_(
        "This service is with a supplier, so its details and cost can’t change. You can change"
        " its price and notes."
    )


class TooManyGuests(Conflict):
    """The rate is for fewer guests."""

    code = "too_many_guests"
    message = N_(
        "The rate is for fewer guests than selected. Search again for the right number of guests."
    )


class LineIsOver(Conflict):
    """The trip line is cancelled or failed."""

    code = "line_is_over"
    message = N_("This service is cancelled or failed. It can be removed, but not edited.")


class InvalidLineStatus(Invalid):
    """Lines of this kind cannot have this status."""

    code = "invalid_line_status"
    message = N_("This status is not valid for this type of service.")


class InvalidFlightTimes(Invalid):
    """The flight lands before it departs, or more than a day and a half later."""

    code = "invalid_flight_times"
    message = N_(
        "In local time this flight lands before it departs, or days later. Check the dates."
    )


class NegativeAmount(Invalid):
    """The amount is negative; only a line of kind `other` may have a negative amount."""

    code = "negative_amount"
    message = N_("Only a service of type “Other” can have a negative price, such as a discount.")


class BornLater(Invalid):
    """The date of birth is in the future."""

    code = "invalid_date_of_birth"
    message = N_("The date of birth is in the future.")


class OfferNotFound(NotFound):
    """The offer does not exist, or was deleted some time after it expired."""

    code = "offer_not_found"
    message = N_("This offer was not found. It may have expired; search again.")


class NothingToSend(Conflict):
    """The itinerary is empty."""

    code = "nothing_to_send"
    message = N_("The itinerary is empty. Add a flight, a hotel or another service first.")


class NobodyTravels(Conflict):
    """The trip has no passengers to book for."""

    code = "nobody_travels"
    message = N_("This trip has no passengers yet. Add them first.")


class NotHeld(Conflict):
    """The flight is not held at a supplier."""

    code = "not_held"
    message = N_(
        "This flight is not held with a supplier, so no ticket can be issued. Hold it first."
    )


class TicketsUnderWay(Conflict):
    """Issuing the tickets of the held booking is approved and in progress."""

    code = "tickets_under_way"
    message = N_("The tickets of this booking are being issued, so its hold can’t be released.")


class CancelAtSupplier(Conflict):
    """The line is booked at a supplier, so it must be cancelled there."""

    code = "cancel_at_supplier"
    message = N_(
        "This service is with a supplier. Cancel it with the supplier instead of marking"
        " it as cancelled."
    )


class CancellationRequested(Conflict):
    """A request to cancel the booking is pending or in progress."""

    code = "cancellation_requested"
    message = N_(
        "This cancellation is already requested. It is waiting for approval or in progress."
    )


class NotAtSupplier(Conflict):
    """The line was entered by hand, so no connected supplier has it."""

    code = "not_at_supplier"
    message = N_("This was not booked through a connected supplier. Cancel it where it was booked.")


class NoNationality(Conflict):
    """The passenger has no known nationality."""

    code = "nationality_needed"
    message = N_("Enter the passenger’s nationality.")


class NoDayOfArrival(Conflict):
    """The trip has no dated line, so its day of arrival is unknown."""

    code = "day_of_arrival_needed"
    message = N_("The trip has no dates yet. Add a flight or a hotel first.")
