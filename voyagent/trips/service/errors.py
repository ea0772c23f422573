"""The ways in which the rules of trips refuse; what a read does not find is named in `queries`."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, Invalid, NotFound


class TripAlreadyOpen(Conflict):
    """A conversation has one trip at most."""

    code = "trip_already_open"
    message = N_("This conversation has a trip already.")


class TripFull(Conflict):
    """More people or things than one trip takes."""

    code = "trip_full"
    message = N_("This trip holds no more. Open a second one for the rest.")


class LineKindFixed(Invalid):
    """A flight never becomes a hotel."""

    code = "line_kind_fixed"
    message = N_("The kind of a line cannot change. Remove it and add another.")


class LineIsCommitted(Conflict):
    """A supplier or an authority knows of it, so it cannot just go."""

    code = "line_is_committed"
    message = N_("This is held or booked. Cancel it first; then it can be removed.")


class LineAtSupplier(Conflict):
    """A supplier has it, and may still be asked to issue or to cancel it: what it is and what it
    costs is not ours to change.
    """

    code = "line_at_supplier"
    message = N_(
        "A supplier has this, so what it is and what it costs stays as it was booked. Only its"
        " price and notes can be changed."
    )


class TooManyGuests(Conflict):
    """A rate is for so many guests, and more are to stay."""

    code = "too_many_guests"
    message = N_(
        "The rate is for fewer guests than are to stay. Search again for as many as travel."
    )


class LineIsOver(Conflict):
    """It was cancelled before, or it failed."""

    code = "line_is_over"
    message = N_("This was cancelled or has failed. It can be removed, not changed.")


class InvalidLineStatus(Invalid):
    """A status that such a thing never has."""

    code = "invalid_line_status"
    message = N_("That status does not fit what this is.")


class InvalidFlightTimes(Invalid):
    """By the clocks of both places it lands before it leaves, or more than a day and a half later."""

    code = "invalid_flight_times"
    message = N_(
        "By the clocks of both airports this flight would land before it leaves, or days later."
        " Look at the dates."
    )


class NegativeAmount(Invalid):
    """Only what is no flight, hotel, transfer or visa may lower the total, as a discount does."""

    code = "negative_amount"
    message = N_("Only a line of the kind “other” may be negative, such as a discount.")


class BornLater(Invalid):
    """A day of birth that is still to come."""

    code = "invalid_date_of_birth"
    message = N_("The day of birth lies in the future.")


class OfferNotFound(NotFound):
    """No such offer: it was never made to the agency, or it has been over for long."""

    code = "offer_not_found"
    message = N_("We could not find that offer. It may be too old; please search again.")


class NothingToSend(Conflict):
    """An itinerary of nothing."""

    code = "nothing_to_send"
    message = N_(
        "There is nothing on this trip that a customer could be told. Add a flight, a hotel or"
        " anything else first."
    )


class NobodyTravels(Conflict):
    """A booking for nobody."""

    code = "nobody_travels"
    message = N_("Nobody travels on this trip yet. Add the passengers first.")


class NotHeld(Conflict):
    """Only what is held at a supplier can be ticketed."""

    code = "not_held"
    message = N_(
        "This flight is not held at a supplier, so there is nothing to issue a ticket for."
    )


class TicketsUnderWay(Conflict):
    """Somebody has granted the tickets of a held booking, and they are being issued."""

    code = "tickets_under_way"
    message = N_("The tickets of this booking are being issued, so its hold cannot be given back.")


class CancelAtSupplier(Conflict):
    """A supplier has it: a flight that is held is given back there, and giving booked rooms back is
    asked for.
    """

    code = "cancel_at_supplier"
    message = N_("A supplier has this, so it cannot just be noted as cancelled.")


class CancellationRequested(Conflict):
    """One request to give the rooms of a booking back waits at a time."""

    code = "cancellation_requested"
    message = N_(
        "This cancellation is asked for already. It waits among the approvals, or is being carried"
        " out."
    )


class NotAtSupplier(Conflict):
    """It was noted by hand, so no supplier knows of it."""

    code = "not_at_supplier"
    message = N_(
        "This was not booked through a supplier of ours, so it has to be cancelled where it was"
        " booked."
    )


class NoNationality(Conflict):
    """A visa for somebody of no known country."""

    code = "nationality_needed"
    message = N_("Say of which nationality the passenger is.")


class NoDayOfArrival(Conflict):
    """A visa for a trip without a day."""

    code = "day_of_arrival_needed"
    message = N_("The trip has no day yet. Add a flight or a hotel first.")
