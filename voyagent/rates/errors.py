"""Errors of entering and finding exchange rates."""

from __future__ import annotations

from datetime import date

from voyagent.kernel.errors import N_, Remedy, StructuredConflict, Unprocessable


class SameCurrency(Unprocessable):
    """Both currencies of the pair are the same."""

    code = "same_currency"
    message = N_("A rate needs two different currencies.")


class RateOfOtherBooks(Unprocessable):
    """Neither of the two currencies is the currency of the books."""

    code = "rate_of_other_books"
    message = N_("One of the two currencies must be the currency of your books.")


class RateOutOfRange(Unprocessable):
    """The rate of one unit is zero, too large, or has more than eight decimals."""

    code = "rate_out_of_range"
    message = N_(
        "Enter a rate above zero and below 1,000,000,000. The rate of one unit has at most eight"
        " decimals."
    )


class RateInFuture(Unprocessable):
    """The day of the rate is after today in the agency's time zone."""

    code = "rate_in_future"
    message = N_("The date is after today. Enter the day on which the rate was quoted.")


class RateMissing(StructuredConflict):
    """The agency has no exchange rate for a currency that is new enough for the day."""

    code = "rate_missing"
    message = N_("There is no exchange rate for this day. Enter one under Exchange rates.")

    def __init__(self, currency: str, day: date) -> None:
        super().__init__({"code": self.code, "currency": currency, "day": day.isoformat()})
        self.further = (
            N_("The rate of %(currency)s on %(day)s is needed."),
            {"currency": currency, "day": day},
        )
        query = {"currency": currency, "on": day.isoformat()}
        self.remedy = Remedy(N_("Enter the exchange rate"), "rates.new", query)
