"""Groups of errors that the APIs of several billing documents declare."""

from __future__ import annotations

from voyagent.billing.core import errors
from voyagent.kernel.money import InvalidAmount, UnknownCurrency
from voyagent.kernel.rates import InvalidRate, RateOfOtherMoney
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.service.errors import AccountInactive, EntryAlreadyReversed, PeriodLocked
from voyagent.parties.queries import PartyNotFound
from voyagent.parties.service.parties import PartyAmbiguous, PartyMismatch
from voyagent.rates.errors import RateMissing
from voyagent.settings.queries import AmountAboveLimit
from voyagent.trips.queries.trips import LineNotFound, TripNotFound

PLAN_ERRORS = (
    errors.InvalidInstalments,
    errors.InvalidInstalmentDates,
    errors.InvalidInstalmentAmount,
    errors.InstalmentsDoNotAddUp,
)


PARTY_ERRORS = (PartyNotFound, PartyMismatch, PartyAmbiguous)


DRAFT_ERRORS = (
    *PARTY_ERRORS,
    TripNotFound,
    LineNotFound,
    errors.InvalidDate,
    errors.TotalOutOfRange,
    UnknownCurrency,
    InvalidAmount,
    InvalidRate,
    RateOfOtherMoney,
    *PLAN_ERRORS,
)


POSTING_ERRORS = (
    AmountAboveLimit,
    AccountNotFound,
    AccountInactive,
    errors.DateInFuture,
    PeriodLocked,
    RateMissing,
)


VOID_ERRORS = (
    AmountAboveLimit,
    errors.DocumentNotVoidable,
    errors.InvalidDate,
    errors.DateInFuture,
    EntryAlreadyReversed,
    PeriodLocked,
)
