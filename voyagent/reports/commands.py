"""Commands `flask books`: check, correct, complete and export the books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click
from sqlalchemy.exc import OperationalError

from voyagent.audit.exports.trail import note_export
from voyagent.audit.queries import chain
from voyagent.http.commands import with_database
from voyagent.identity.queries import people
from voyagent.kernel.actor import Channel, system_actor
from voyagent.kernel.database.lock_tries import BUSY
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.database.roll_ups import Difference, RollUp
from voyagent.kernel.db import db, transaction
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.last_runs import note_run
from voyagent.kernel.money import is_currency
from voyagent.ledger.queries.base_amounts import is_established
from voyagent.ledger.service import base_amounts
from voyagent.ledger.service.months import FIRST_DAY, LAST_DAY
from voyagent.parties.service import parties
from voyagent.reports.errors import BaseNotYet
from voyagent.reports.exports import beancount, files, tally
from voyagent.reports.queries import checks
from voyagent.reports.queries.periods import Days, PeriodInverted
from voyagent.reports.queries.roll_ups import ROLL_UPS, find_differences
from voyagent.reports.service import rebuilding

T = TypeVar("T")
ATTEMPTS_MAX = 5
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("books")
def books() -> None:
    """Check the books, rebuild their stored sums, or export them."""


@books.command("check")
@click.option("--agency", type=click.UUID, help="Id of an agency; all agencies if absent.")
@with_database
def check(agency: UUID | None) -> None:
    """Check the books and print every failed check.

    Each line has the agency, the check, a description, and the currency and difference if an amount
    is wrong. The exit code is 1 if a check failed, else 0.
    """
    if agency is not None:
        _must_exist(agency)
    findings = 0
    for tenant_id in [agency] if agency is not None else chain.every_agency():
        found = checks.run(tenant_id)
        findings += len(found)
        if not found:
            click.echo(f"{tenant_id}: OK, {len(checks.CHECKS)} checks")
        for finding in found:
            click.echo(f"{tenant_id}: {finding}")
    if agency is None:
        note_run("books", findings=findings)
    if findings:
        raise click.exceptions.Exit(1)


@books.command("rebuild")
@click.option("--agency", type=click.UUID, help="Id of an agency; all agencies if absent.")
@click.option("--dry-run", is_flag=True, help="Print the differences and change nothing.")
@with_database
def rebuild(agency: UUID | None, *, dry_run: bool) -> None:
    """Recompute and correct the sums that triggers maintain; print every difference.

    Each line has the agency, the table, the key, and the stored and the recomputed sums; amounts
    are in minor units. People may work at the same time. With `--dry-run` nothing is changed, and
    the exit code is 1 if a sum differs.
    """
    if agency is not None:
        _must_exist(agency)
    differing = False
    for tenant_id in [agency] if agency is not None else chain.every_agency():
        found = find_differences(tenant_id) if dry_run else _rebuild_all(tenant_id)
        count = 0
        for difference in found:
            count += 1
            click.echo(f"{tenant_id}: {difference}")
        differing |= count > 0
        if not count:
            click.echo(f"{tenant_id}: OK, {len(ROLL_UPS)} tables")
    if differing and dry_run:
        raise click.exceptions.Exit(1)


@books.command("link-parties")
@with_database
def link_parties() -> None:
    """Give rows of earlier releases the ids of their parties.

    The rows are documents, payments and postings. Run this command once after the upgrade; it can
    be stopped and started again. People may work at the same time. A name without a party gets one.
    A second run changes nothing.
    """
    linked = parties.link(list(chain.every_agency()))
    click.echo(f"{linked} rows were linked to their parties.")


@books.command("establish-base")
@click.option(
    "--by",
    "address",
    required=True,
    help="E-mail address of an administrator of the agency; the audit log names this user.",
)
@click.option("--currency", required=True, help="ISO 4217 code of the base currency.")
@with_database
def establish_base(address: str, currency: str) -> None:
    """Give every posting of an agency its amount in the base currency, permanently.

    The command works in short transactions, can be stopped and started again, and people may work
    at the same time. No process of the earlier release may run. Earlier postings in other
    currencies are translated at the rates of their documents or the reference rates of their days.
    Then the base currency cannot change any more, and a posting in another currency needs an
    exchange rate.
    """
    account = people.find_account(address.strip().lower())
    if account is None:
        raise click.ClickException(people.PersonNotFound.message)

    def establish() -> bool:
        # A command on the server cannot ask for the password of this user.
        actor = replace(people.get_actor(account.user_id), fresh=True).via(Channel.JOB)
        return base_amounts.establish_base(actor, currency).is_ready

    try:
        while not _until_granted(account.tenant_id, establish, "documents"):
            pass
    except VoyagentError as error:
        raise click.ClickException(error.message) from None
    click.echo(f"{account.tenant_id}: every posting has an amount in {currency}.")


@books.command("export")
@click.option("--agency", type=click.UUID, required=True, help="Id of the agency.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("beancount", "tally")),
    required=True,
    help="Format of the file.",
)
@click.option(
    "--from",
    "first",
    type=_DAY,
    help="First book date, for tally; from the first posting if absent.",
)
@click.option(
    "--to", "last", type=_DAY, help="Last book date, for tally; to the last posting if absent."
)
@click.option(
    "--currency",
    help=(
        "ISO 4217 code of the vouchers, for tally; if absent, all postings in the base currency, or"
        " those in the agency's currency if base amounts are not established."
    ),
)
@click.option(
    "--base", "in_base", is_flag=True, help="Amounts in the base currency, for beancount."
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_database
def export(
    agency: UUID,
    form: str,
    first: datetime | None,
    last: datetime | None,
    currency: str | None,
    file: Path,
    *,
    in_base: bool,
) -> None:
    """Export an agency's postings for another program, read in one database snapshot.

    The format beancount exports all postings, each in its currency or in the base currency. The
    format tally exports the postings of a period, in one currency or in the base currency.
    """
    _must_exist(agency)
    if form == "beancount" and (first or last or currency):
        raise click.UsageError(
            "--from, --to and --currency apply to tally only: beancount exports all postings"
        )
    if form == "tally" and in_base:
        raise click.UsageError("--base applies to beancount only: tally is in base by default")
    if currency and not is_currency(currency):
        raise click.UsageError("--currency must be three capital letters, such as INR")
    try:
        days = Days.between(first.date() if first else FIRST_DAY, last.date() if last else LAST_DAY)
        with transaction(agency):
            if in_base:
                _must_be_established()
            filters = {
                "format": form,
                "from": first and first.date(),
                "to": last and last.date(),
                "currency": currency,
                "amounts": "base" if in_base else None,
            }
            note_export(
                system_actor(agency),
                file.name,
                {name: value for name, value in filters.items() if value},
            )
        files.write(
            agency,
            (
                partial(tally.pieces, days=days, currency=currency)
                if form == "tally"
                else beancount.base_pieces
                if in_base
                else beancount.pieces
            ),
            file,
        )
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    except PeriodInverted as error:
        raise click.UsageError(str(error)) from None
    except BaseNotYet as error:
        raise click.ClickException(error.message) from None


def _must_be_established() -> None:
    if not is_established(SessionReader(db.session)):
        raise BaseNotYet


def _must_exist(agency: UUID) -> None:
    if not chain.exists(agency):
        raise click.ClickException(f"there is no agency {agency}")


def _rebuild_all(tenant_id: UUID) -> Iterator[Difference]:
    """Correct the roll-ups of an agency one by one, and yield their differences."""
    for roll_up in ROLL_UPS:
        yield from _rebuild(tenant_id, roll_up)


def _rebuild(tenant_id: UUID, roll_up: RollUp) -> list[Difference]:
    try:
        return _until_granted(
            tenant_id,
            lambda: rebuilding.rebuild(system_actor(tenant_id), roll_up),
            roll_up.table.name,
        )
    except rebuilding.RebuildRunning:
        raise click.ClickException(
            f"{tenant_id}: another command rebuilds the stored sums of this agency"
        ) from None


def _until_granted(tenant_id: UUID, attempt: Callable[[], T], table: str) -> T:
    """Call `attempt` in a transaction, and again if it does not get its locks.

    Transactions that post at the same time lock some of the rows in another order. PostgreSQL then
    ends one of the two transactions, or the attempt waits too long for a lock. There are at most
    ATTEMPTS_MAX attempts. Raises ClickException.
    """
    for _attempt in range(ATTEMPTS_MAX):
        db.session.remove()
        try:
            with transaction(tenant_id):
                return attempt()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in BUSY:
                raise
    raise click.ClickException(
        f"{tenant_id}: other transactions keep rows of {table} locked; run it again"
    )
