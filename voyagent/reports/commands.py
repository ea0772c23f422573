"""Commands `flask books check` and `flask books export`."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import click

from voyagent.audit.exports.trail import note_export
from voyagent.audit.queries import chain
from voyagent.http.commands import with_database
from voyagent.kernel.actor import system_actor
from voyagent.kernel.db import transaction
from voyagent.kernel.money import is_currency
from voyagent.ledger.service.months import FIRST_DAY, LAST_DAY
from voyagent.reports.exports import beancount, files, tally
from voyagent.reports.queries import checks
from voyagent.reports.queries.periods import Days, PeriodInverted

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("books")
def books() -> None:
    """Check or export the books."""


@books.command("check")
@click.option("--agency", type=click.UUID, help="Id of an agency; all agencies if absent.")
@with_database
def check(agency: UUID | None) -> None:
    """Check the books and print every failed check.

    Each line has the agency, the check, the currency and the difference. The exit code is 1 if a
    check failed, else 0.
    """
    if agency is not None:
        _must_exist(agency)
    unsound = 0
    for tenant_id in [agency] if agency is not None else chain.every_agency():
        found = checks.run(tenant_id)
        unsound += bool(found)
        if not found:
            click.echo(f"{tenant_id}: OK, {len(checks.CHECKS)} checks")
        for finding in found:
            click.echo(f"{tenant_id}: {finding}")
    if unsound:
        raise click.exceptions.Exit(1)


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
    help="ISO 4217 code of the vouchers, for tally; the agency's currency if absent.",
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
) -> None:
    """Export an agency's postings for another program, read in one database snapshot.

    The format beancount exports all postings. The format tally exports the postings of a period in
    one currency.
    """
    _must_exist(agency)
    if form == "beancount" and (first or last or currency):
        raise click.UsageError(
            "--from, --to and --currency apply to tally only: beancount exports all postings"
        )
    if currency and not is_currency(currency):
        raise click.UsageError("--currency must be three capital letters, such as INR")
    try:
        days = Days.between(first.date() if first else FIRST_DAY, last.date() if last else LAST_DAY)
        with transaction(agency):
            filters = {
                "format": form,
                "from": first and first.date(),
                "to": last and last.date(),
                "currency": currency,
            }
            note_export(
                system_actor(agency),
                file.name,
                {name: value for name, value in filters.items() if value},
            )
        files.write(
            agency,
            (
                beancount.pieces
                if form == "beancount"
                else partial(tally.pieces, days=days, currency=currency)
            ),
            file,
        )
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    except PeriodInverted as error:
        raise click.UsageError(str(error)) from None


def _must_exist(agency: UUID) -> None:
    if not chain.exists(agency):
        raise click.ClickException(f"there is no agency {agency}")
