"""Errors of the rules of trips; errors of reads are in `queries`."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, Invalid, NotFound


class TripAlreadyOpen(Conflict):
    """The conversation has a trip already."""

    code = "trip_already_open"
    message = N_("This conversation has a trip already.")


class TripFull(Conflict):
    """The trip has the maximum number of passengers or lines."""

    code = "trip_full"
    message = N_("This trip holds no more. Open a second one for the rest.")


class LineKindFixed(Invalid):
    """The kind of a line cannot change."""

    code = "line_kind_fixed"
    message = N_("The kind of a line cannot change. Remove it and add another.")


class LineIsCommitted(Conflict):
    """A supplier or an authority knows the line, so it cannot be removed."""

    code = "line_is_committed"
    message = N_("This is held or booked. Cancel it first; then it can be removed.")


class LineAtSupplier(Conflict):
    """A supplier has the line, so its booking data and cost cannot change."""

    code = "line_at_supplier"
    message = N_(
        "A supplier has this, so what it is and what it costs stays as it was booked. Only its"
        " price and notes can be changed."
    )


class TooManyGuests(Conflict):
    """More guests than the rate is for."""

    code = "too_many_guests"
    message = N_(
        "The rate is for fewer guests than are to stay. Search again for as many as travel."
    )


class LineIsOver(Conflict):
    """The line is cancelled or failed."""

    code = "line_is_over"
    message = N_("This was cancelled or has failed. It can be removed, not changed.")


class InvalidLineStatus(Invalid):
    """The kind of line never has this status."""

    code = "invalid_line_status"
    message = N_("That status does not fit what this is.")


class InvalidFlightTimes(Invalid):
    """The flight lands before it departs, or more than a day and a half later."""

    code = "invalid_flight_times"
    message = N_(
        "By the clocks of both airports this flight would land before it leaves, or days later."
        " Look at the dates."
    )


class NegativeAmount(Invalid):
    """Only other lines, such as discounts, may have negative amounts."""

    code = "negative_amount"
    message = N_("Only a line of the kind “other” may be negative, such as a discount.")


class BornLater(Invalid):
    """The date of birth is in the future."""

    code = "invalid_date_of_birth"
    message = N_("The day of birth lies in the future.")


class OfferNotFound(NotFound):
    """The offer does not exist or expired long ago."""

    code = "offer_not_found"
    message = N_("We could not find that offer. It may be too old; please search again.")


class NothingToSend(Conflict):
    """The itinerary is empty."""

    code = "nothing_to_send"
    message = N_(
        "There is nothing on this trip that a customer could be told. Add a flight, a hotel or"
        " anything else first."
    )


class NobodyTravels(Conflict):
    """The booking has no passengers."""

    code = "nobody_travels"
    message = N_("Nobody travels on this trip yet. Add the passengers first.")


class NotHeld(Conflict):
    """The line is not held at a supplier."""

    code = "not_held"
    message = N_(
        "This flight is not held at a supplier, so there is nothing to issue a ticket for."
    )


class TicketsUnderWay(Conflict):
    """The tickets of the hold are approved and being issued."""

    code = "tickets_under_way"
    message = N_("The tickets of this booking are being issued, so its hold cannot be given back.")


class CancelAtSupplier(Conflict):
    """A supplier has the line: release the hold there, or request the cancellation."""

    code = "cancel_at_supplier"
    message = N_("A supplier has this, so it cannot just be noted as cancelled.")


class CancellationRequested(Conflict):
    """A request to cancel the booking is pending."""

    code = "cancellation_requested"
    message = N_(
        "This cancellation is asked for already. It waits among the approvals, or is being carried"
        " out."
    )


class NotAtSupplier(Conflict):
    """The line was entered directly, so no supplier knows it."""

    code = "not_at_supplier"
    message = N_(
        "This was not booked through a supplier of ours, so it has to be cancelled where it was"
        " booked."
    )


class NoNationality(Conflict):
    """The passenger has no known nationality."""

    code = "nationality_needed"
    message = N_("Say of which nationality the passenger is.")


class NoDayOfArrival(Conflict):
    """The trip has no day of arrival."""

    code = "day_of_arrival_needed"
    message = N_("The trip has no day yet. Add a flight or a hotel first.")
