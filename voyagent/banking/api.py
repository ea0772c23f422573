"""JSON API of bank accounts."""

from __future__ import annotations

from uuid import UUID

from voyagent.banking import queries, service
from voyagent.banking.errors import (
    BankAccountClosed,
    BankAccountIsDefault,
    BankAccountNeeded,
    BankAccountNotFound,
    CardNumberTooLong,
    LedgerAccountUnfit,
    TooManyBankAccounts,
)
from voyagent.banking.schemas import (
    BankAccountIn,
    BankAccountOut,
    BankAccountPatch,
    BankAccountsOut,
)
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor, NotFresh
from voyagent.kernel.database.read_pool import Reader, RequestReader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.serializers import Body
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.service.errors import AccountCurrency, AccountHasBalance

api = ApiBlueprint("banking", __name__, tag="Books", guard=Guard.BEARER)


@api.get("/bank-accounts", answer=BankAccountsOut, permission="ledger.read")
def list_bank_accounts(reader: RequestReader) -> Body[BankAccountsOut]:
    """List all accounts that hold money, with their balances.

    An agency begins with two of them: the accounts of the chart for bank and cash, in the currency
    of the books.
    """
    return BankAccountsOut.of({"items": service.listed(reader, reader.authenticate)})


@api.post(
    "/bank-accounts",
    answer=BankAccountOut,
    status=201,
    permission="settings.bank_details",
    errors=(
        NotFresh,
        CardNumberTooLong,
        AccountNotFound,
        LedgerAccountUnfit,
        AccountCurrency,
        TooManyBankAccounts,
    ),
)
def open_bank_account(actor: Actor, body: BankAccountIn) -> Body[BankAccountOut]:
    """Add a bank account, and its account in the chart unless `account_id` names one.

    Kind and currency cannot change later. Like all changes of bank accounts, this needs a fresh
    access token, obtained with a password, or an API key with the scope `settings`. To add an
    account to the chart, a key also needs the scope `books`.
    """
    account = service.open_account(
        actor,
        kind=body.kind,
        currency=body.currency,
        details=body.details(),
        account_id=body.account_id,
        opened_on=body.opened_on,
    )
    return _account(account.id)


@api.get(
    "/bank-accounts/<bank_account_id>",
    answer=BankAccountOut,
    permission="ledger.read",
    missing=BankAccountNotFound,
)
def get_bank_account(reader: Reader, bank_account_id: UUID) -> Body[BankAccountOut]:
    """Return a bank account with its balance."""
    return BankAccountOut.of(queries.read_account(reader, bank_account_id))


@api.patch(
    "/bank-accounts/<bank_account_id>",
    answer=BankAccountOut,
    permission="settings.bank_details",
    missing=BankAccountNotFound,
    errors=(NotFresh, BankAccountClosed, CardNumberTooLong, BankAccountIsDefault),
)
def change_bank_account(
    actor: Actor, bank_account_id: UUID, body: BankAccountPatch
) -> Body[BankAccountOut]:
    """Change the details of a bank account.

    A member that is absent stays unchanged; null clears a member.
    """
    service.change_account(actor, bank_account_id, body.details())
    return _account(bank_account_id)


@api.post(
    "/bank-accounts/<bank_account_id>/close",
    answer=BankAccountOut,
    permission="settings.bank_details",
    missing=BankAccountNotFound,
    errors=(
        NotFresh,
        BankAccountClosed,
        BankAccountNeeded,
        BankAccountIsDefault,
        AccountHasBalance,
    ),
)
def close_bank_account(actor: Actor, bank_account_id: UUID) -> Body[BankAccountOut]:
    """Close a bank account today.

    Its balance must be zero, and the system may not post to its account in the chart, which is
    archived. A default can be closed only as the last account of its kind and currency.
    """
    service.close_account(actor, bank_account_id)
    return _account(bank_account_id)


def _account(bank_account_id: UUID) -> Body[BankAccountOut]:
    return BankAccountOut.of(queries.read_account(SessionReader(db.session), bank_account_id))
