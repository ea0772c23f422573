"""JSON API of the ledger: accounts, journal entries and closing of months."""

from __future__ import annotations

from uuid import UUID

from voyagent.http.api import ApiBlueprint
from voyagent.http.documents import add_api_routes
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor, NotFresh
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount, UnknownCurrency
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.ledger.documents import ENTRY
from voyagent.ledger.errors import AccountNotFound, EntryNotFound, MonthNotFound
from voyagent.ledger.queries import (
    accounts,
    base_amounts,
    closed_months,
    entries,
    revaluations,
)
from voyagent.ledger.rules import parse_month
from voyagent.ledger.schemas.base_amounts import (
    BaseCurrencyOut,
    EstablishBaseRequest,
)
from voyagent.ledger.schemas.chart import (
    AccountIn,
    AccountList,
    AccountOut,
    AccountPatch,
    AccountsQuery,
)
from voyagent.ledger.schemas.journal import (
    JournalEntryIn,
    JournalEntryOut,
    JournalList,
    JournalQuery,
    ReversalIn,
    with_lines,
)
from voyagent.ledger.schemas.months import (
    CloseMonthRequest,
    MonthList,
    MonthsQuery,
    MonthState,
    ReopenMonthRequest,
)
from voyagent.ledger.schemas.revaluations import RevaluationList, RevaluationPreview
from voyagent.ledger.service import (
    base_amounts as establishing,
    chart,
    direct,
    months,
    revaluations as revaluing,
)
from voyagent.ledger.service.errors import (
    AccountCodeTaken,
    AccountCurrency,
    AccountHasBalance,
    AccountInactive,
    AccountIsControl,
    AccountPosted,
    AccountServesProgram,
    BaseCurrencyDiffers,
    BaseNotEstablished,
    EarlierMonthOpen,
    EntryAlreadyReversed,
    EntryOfDocument,
    EntryUnbalanced,
    EntryUnbalancedInBase,
    ExchangeNotZero,
    ExchangeOfEarlierEntry,
    InvalidBookDate,
    LaterMonthClosed,
    MonthAlreadyClosed,
    MonthNotClosed,
    MonthNotOver,
    MonthStillRuns,
    NotRevalued,
    PeriodLocked,
    TooManyCurrencies,
)
from voyagent.rates.errors import RateMissing
from voyagent.settings.queries import AmountAboveLimit
from voyagent.settings.service.tenant_settings import BaseCurrencyFixed

api = ApiBlueprint("ledger", __name__, tag="Books", guard=Guard.BEARER)


@api.get("/months", answer=MonthList, permission="ledger.read")
def list_months(reader: Reader, query: MonthsQuery) -> Body[MonthList]:
    """List the months that have journal entries or were closed, newest first."""
    return MonthList.of(
        closed_months.read_months(
            reader, parse_month(query.before) if query.before else None, query.limit
        )
    )


@api.post(
    "/months/<month>/close",
    answer=MonthState,
    permission="ledger.close",
    missing=MonthNotFound,
    errors=(MonthNotOver, MonthAlreadyClosed, EarlierMonthOpen, NotRevalued),
)
def close_month(actor: Actor, month: str, body: CloseMonthRequest | None) -> Body[MonthState]:
    """Close a month such as `2026-03` and all earlier months.

    A closed month takes no entries: posting or reversing with a book date in that month is refused
    with `period_locked`. The month to close must be over in the agency's time zone. An earlier
    month that has entries must be closed first. A month whose foreign balances are not at the
    closing rates is refused with `not_revalued`; an administrator can close it nevertheless, with
    an `unrevalued_reason`. Services that are not billed or not invoiced do not stop the closing:
    read them at `/api/months/{month}/open-services`.
    """
    reason = body.unrevalued_reason if body else None
    months.close_month(actor, parse_month(month), unrevalued_reason=reason)
    return _state(month)


@api.get(
    "/months/<month>/revaluation/preview",
    answer=RevaluationPreview,
    permission="ledger.read",
    missing=MonthNotFound,
    errors=(BaseNotEstablished,),
)
def preview_revaluation(reader: Reader, month: str) -> Body[RevaluationPreview]:
    """Read the foreign balances at the end of a month, with closing rates."""
    return RevaluationPreview.of(revaluing.preview_revaluation(reader, parse_month(month)))


@api.get(
    "/months/<month>/revaluation",
    answer=RevaluationList,
    permission="ledger.read",
    missing=MonthNotFound,
)
def list_revaluations(reader: Reader, month: str) -> Body[RevaluationList]:
    """List what the revaluations of a month posted, by run."""
    return _runs(reader, month)


@api.post(
    "/months/<month>/revaluation",
    answer=RevaluationList,
    permission="ledger.close",
    missing=MonthNotFound,
    errors=(MonthStillRuns, PeriodLocked, BaseNotEstablished, RateMissing, AccountCodeTaken),
)
def revalue(actor: Actor, month: str) -> Body[RevaluationList]:
    """Bring the foreign balances of a month's end to the closing rates.

    One entry for each monetary account and currency posts the difference on the last day of the
    month. The difference of receivables, payables and deposits is reversed on the next day; that of
    money is kept. A further run posts only the remaining differences, if there are any. The answer
    lists all runs of the month.
    """
    revaluing.revalue(actor, parse_month(month))
    return _runs(SessionReader(db.session), month)


@api.post(
    "/months/<closed_month>/reopen",
    answer=MonthState,
    permission="ledger.reopen",
    missing=MonthNotFound,
    errors=(MonthNotClosed, LaterMonthClosed),
)
def reopen_month(actor: Actor, closed_month: str, body: ReopenMonthRequest) -> Body[MonthState]:
    """Reopen the latest closed month; the audit log records the reason."""
    months.reopen_month(actor, parse_month(closed_month), reason=body.reason)
    return _state(closed_month)


@api.get("/base-currency", answer=BaseCurrencyOut, permission="ledger.read")
def get_base_currency(reader: Reader) -> Body[BaseCurrencyOut]:
    """Read the base currency, and which postings have no amount in it."""
    return BaseCurrencyOut.of(base_amounts.read_base_state(reader))


@api.post(
    "/base-currency",
    answer=BaseCurrencyOut,
    permission="ledger.establish_base",
    errors=(
        NotFresh,
        BaseCurrencyFixed,
        BaseCurrencyDiffers,
        BaseNotEstablished,
        ExchangeNotZero,
        RateMissing,
    ),
)
def establish_base_currency(actor: Actor, body: EstablishBaseRequest) -> Body[BaseCurrencyOut]:
    """Give every posting its amount in the base currency, from now on.

    One call fills at most 5,000 lines or entries. Call the operation again until `state` is
    `ready`. Then the base currency cannot change any more, and a posting in another currency needs
    an exchange rate. Earlier postings in other currencies are translated; if a rate is missing, the
    answer is `rate_missing` with currency and day. The access token must be fresh: obtained with a
    password, not with a refresh token.
    """
    return BaseCurrencyOut.of(establishing.establish_base(actor, body.currency))


@api.get("/journal-entries", answer=JournalList, permission="ledger.read", errors=(InvalidCursor,))
def list_entries(reader: Reader, query: JournalQuery) -> Body[JournalList]:
    """List journal entries, newest book date first, without a total count."""
    return JournalList.of(
        entries.list_entries(
            reader, query.booked_from, query.booked_to, limit=query.limit, cursor=query.place()
        )
    )


@api.post(
    "/journal-entries",
    answer=JournalEntryOut,
    status=201,
    permission="ledger.post",
    direct=True,
    errors=(
        AmountAboveLimit,
        EntryUnbalanced,
        EntryUnbalancedInBase,
        TooManyCurrencies,
        RateMissing,
        AccountNotFound,
        AccountInactive,
        AccountIsControl,
        AccountCurrency,
        PeriodLocked,
        InvalidAmount,
        UnknownCurrency,
    ),
)
def post_entry(actor: Actor, body: JournalEntryIn) -> Body[JournalEntryOut]:
    """Post a manual journal entry of at least two lines, balanced in each currency.

    Control accounts (receivables, payables and advances) take no manual entries: invoices, bills
    and payments post to control accounts. The account of a bank account takes amounts in the
    currency of the bank account. The total debit in each currency must be within the limit of the
    caller's role. An entry cannot be changed; to correct a mistake, reverse the entry.
    """
    lines = [line.line() for line in body.lines]
    posted = direct.post_direct(
        actor, narration=body.narration, lines=lines, entry_date=body.entry_date
    )
    # The entry is always new, so the response is built from the result of the posting. Reading it
    # from the database would lengthen the locks on the balance rows.
    assert posted.entry is not None
    return JournalEntryOut.of(
        with_lines({**posted.entry, "created_by": actor.full_name}, list(posted.lines))
    )


@api.get(
    "/journal-entries/<entry_id>",
    answer=JournalEntryOut,
    permission="ledger.read",
    missing=EntryNotFound,
)
def get_entry(reader: Reader, entry_id: UUID) -> Body[JournalEntryOut]:
    """Return a journal entry with its lines."""
    return JournalEntryOut.of(with_lines(*entries.read_entry(reader, entry_id)))


@api.post(
    "/journal-entries/<entry_id>/reverse",
    answer=JournalEntryOut,
    status=201,
    permission="ledger.reverse",
    direct=True,
    missing=EntryNotFound,
    errors=(
        AmountAboveLimit,
        AccountInactive,
        EntryOfDocument,
        EntryAlreadyReversed,
        ExchangeOfEarlierEntry,
        PeriodLocked,
        InvalidBookDate,
    ),
)
def reverse_entry(actor: Actor, entry_id: UUID, body: ReversalIn) -> Body[JournalEntryOut]:
    """Reverse a manual journal entry. Each entry can be reversed once.

    The response is the new entry, whose `reverses_id` is the id of the reversed entry. The new
    entry debits the accounts that the reversed entry credited, and credits the accounts that the
    reversed entry debited. To reverse an entry that a document posted, void or cancel the document.
    """
    return _entry(
        direct.reverse_direct(
            actor, entry_id, reason=body.reason, entry_date=body.entry_date
        ).entry_id
    )


add_api_routes(api, ENTRY)


@api.get("/accounts", answer=AccountList, permission="ledger.read", errors=(InvalidCursor,))
def list_accounts(reader: Reader, query: AccountsQuery) -> Body[AccountList]:
    """List the chart of accounts by code, with the balances of each account."""
    is_active = None if query.archived is None else not query.archived
    found = accounts.list_accounts(
        reader, account_type=query.type, is_active=is_active, limit=query.limit, cursor=query.cursor
    )
    return AccountList.of(found)


@api.post(
    "/accounts",
    answer=AccountOut,
    status=201,
    permission="ledger.chart",
    errors=(AccountCodeTaken,),
)
def add_account(actor: Actor, body: AccountIn) -> Body[AccountOut]:
    """Add an account to the chart.

    Accounts cannot be deleted. Archive an account that is no longer used.
    """
    return _account(
        chart.add_account(
            actor,
            code=body.code,
            name=body.name,
            account_type=body.type,
            normal_side=body.normal_side,
        )
    )


@api.get(
    "/accounts/<account_id>", answer=AccountOut, permission="ledger.read", missing=AccountNotFound
)
def get_account(reader: Reader, account_id: UUID) -> Body[AccountOut]:
    """Return an account with its balances."""
    return AccountOut.of(accounts.read_account(reader, account_id))


@api.patch(
    "/accounts/<account_id>",
    answer=AccountOut,
    permission="ledger.chart",
    missing=AccountNotFound,
    errors=(
        AccountCodeTaken,
        AccountPosted,
        AccountServesProgram,
        AccountHasBalance,
    ),
)
def change_account(actor: Actor, account_id: UUID, body: AccountPatch) -> Body[AccountOut]:
    """Change, archive or restore an account.

    Type and normal side can change only while the account has no postings and no `purpose`. An
    archived account takes no new postings. An account that has a `purpose` or a balance cannot be
    archived.
    """
    chart.change_account(actor, account_id, body.changes())
    return _account(account_id)


def _account(account_id: UUID) -> Body[AccountOut]:
    return AccountOut.of(accounts.read_account(SessionReader(db.session), account_id))


def _entry(entry_id: UUID) -> Body[JournalEntryOut]:
    return JournalEntryOut.of(with_lines(*entries.read_entry(SessionReader(db.session), entry_id)))


def _runs(reader: Reader, month: str) -> Body[RevaluationList]:
    return RevaluationList.of(revaluations.read_runs(reader, parse_month(month)))


def _state(month: str) -> Body[MonthState]:
    through = closed_months.last_closed_month()
    is_closed = through is not None and parse_month(month) <= through
    state = "closed" if is_closed else "open"
    return MonthState.of({"month": month, "state": state, "closed_through": through})
