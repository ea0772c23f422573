"""Commands of the audit trail: `flask audit verify` and `flask audit export`."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from voyagent.audit.exports import archive
from voyagent.audit.queries import chain
from voyagent.audit.rules.verifier import Head, parse_head
from voyagent.audit.service import checks
from voyagent.http.commands import with_database


@click.group("audit")
def audit() -> None:
    """Verify and export the audit trail."""


@audit.command("verify")
@click.option("--agency", type=click.UUID, help="Id of an agency; all agencies if absent.")
@click.option(
    "--head",
    "head_texts",
    multiple=True,
    metavar="NUMBER:HASH",
    help="Head of the agency's chain, as noted earlier in another place.",
)
@with_database
def verify(agency: UUID | None, head_texts: tuple[str, ...]) -> None:
    """Recompute every hash and print the first missing or changed event of each chain.

    The exit code is 1 if a chain is broken.
    """
    known = _heads(head_texts)
    if agency is not None:
        _must_exist(agency)
    if known and agency is None:
        raise click.UsageError("--head needs --agency, because each agency has its own chain")
    broken = 0
    for tenant_id in [agency] if agency is not None else chain.every_agency():
        verdict = checks.walk(tenant_id, [*checks.found_before(tenant_id), *known])
        if verdict.ok:
            click.echo(f"{tenant_id}: OK, {verdict.seq} events, head {verdict.seq}:{verdict.hash}")
        else:
            broken += 1
            click.echo(f"{tenant_id}: BROKEN at event {verdict.bad_seq}: {verdict.reason}")
    if broken:
        raise click.exceptions.Exit(1)


@audit.command("export")
@click.option("--agency", type=click.UUID, required=True)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_database
def export(agency: UUID, file: Path) -> None:
    """Write an agency's whole audit trail to a ZIP archive with a verifier.

    The exit code is 1 if the chain is broken.
    """
    _must_exist(agency)
    try:
        head = archive.write(agency, file)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file}: {head.seq} events. Note its head in another place: {head.seq}:{head.hash}")
    verdict = checks.walk(agency, checks.found_before(agency))
    if not verdict.ok:
        raise click.ClickException(
            f"the archive is written, but its chain is BROKEN at event {verdict.bad_seq}:"
            f" {verdict.reason}"
        )


def _must_exist(tenant_id: UUID) -> None:
    if not chain.exists(tenant_id):
        raise click.ClickException(f"there is no agency {tenant_id}")


def _heads(texts: tuple[str, ...]) -> list[Head]:
    try:
        return [parse_head(text) for text in texts]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--head") from None
