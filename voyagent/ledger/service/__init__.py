"""The rules of the books: opening them, posting an entry, reversing one, closing a month. Nothing else writes to the ledger, and no entry is ever changed."""

from voyagent.ledger.queries import AccountNotFound, EntryNotFound, MonthNotFound
from voyagent.ledger.service.entries import AMOUNT_MAX_MINOR, Line, Posted, credit, debit, open_books, post, reverse
from voyagent.ledger.service.errors import (
    AccountInactive,
    EarlierMonthOpen,
    EntryAlreadyReversed,
    EntryTooShort,
    EntryUnbalanced,
    EntryWithoutNarration,
    InvalidBookDate,
    LaterMonthClosed,
    MonthAlreadyClosed,
    MonthNotClosed,
    MonthNotOver,
    PeriodLocked,
    ReasonRequired,
)
from voyagent.ledger.service.months import FIRST_DAY, LAST_DAY, check_month, close_month, reopen_month, wire_month

__all__ = [
    "AMOUNT_MAX_MINOR",
    "FIRST_DAY",
    "LAST_DAY",
    "AccountInactive",
    "AccountNotFound",
    "EarlierMonthOpen",
    "EntryAlreadyReversed",
    "EntryNotFound",
    "EntryTooShort",
    "EntryUnbalanced",
    "EntryWithoutNarration",
    "InvalidBookDate",
    "LaterMonthClosed",
    "Line",
    "MonthAlreadyClosed",
    "MonthNotClosed",
    "MonthNotFound",
    "MonthNotOver",
    "PeriodLocked",
    "Posted",
    "ReasonRequired",
    "check_month",
    "close_month",
    "credit",
    "debit",
    "open_books",
    "post",
    "reopen_month",
    "reverse",
    "wire_month",
]
