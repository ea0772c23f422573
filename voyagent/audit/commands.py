"""Commands of the audit log: `flask audit verify`, `sign`, `keys` and `export`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import click
from flask.cli import with_appcontext

from voyagent.audit.exports import archive
from voyagent.audit.queries import chain
from voyagent.audit.rules.verifier import UNSIGNED, BrokenError, Head, Verdict, parse_head
from voyagent.audit.service import checks, deletions, statements
from voyagent.audit.service.statements import Anchors, SigningKeyMissing
from voyagent.drivers.anchors.folder import StatementFolder
from voyagent.http.commands import with_database
from voyagent.http.extensions import installed
from voyagent.kernel.ids import parse_id
from voyagent.kernel.last_runs import note_run


@click.group("audit")
def audit() -> None:
    """Verify and export the audit log."""


@audit.command("verify")
@click.option("--agency", type=click.UUID, help="Id of an agency; all agencies if absent.")
@click.option(
    "--head",
    "head_texts",
    multiple=True,
    metavar="NUMBER:HASH",
    help="Head of the agency's chain, as noted earlier in another place.",
)
@click.option(
    "--anchors",
    "place",
    type=click.Path(exists=True, path_type=Path),
    help="Folder of statements, or file with some of them, instead of the configured folder.",
)
@with_database
def verify(agency: UUID | None, head_texts: tuple[str, ...], place: Path | None) -> None:
    """Recompute every hash and print the first missing or changed event of each chain.

    The chain must contain the signed heads. The exit code is 1 if a chain or statement is missing
    or not valid. The exit code is 3 if all chains are valid, but the heads of an agency are no
    longer signed.
    """
    known = _heads(head_texts)
    if agency is not None:
        _must_exist(agency)
    if known and agency is None:
        raise click.UsageError("--head needs --agency, because each agency has its own chain")
    anchors, broken, unsigned = installed(Anchors, "anchors"), 0, 0
    if place is not None and agency is not None and not _given_lines(place, agency):
        raise click.ClickException(f"{place} has no statement of the agency {agency}")
    for tenant_id in [agency] if agency is not None else chain.every_agency():
        verdict = checks.walk_signed(
            tenant_id,
            anchors,
            [*checks.found_before(tenant_id), *known],
            None if place is None else _given_lines(place, tenant_id),
            whole=place is None or place.is_dir(),
        )
        if verdict.ok:
            unsigned += bool(verdict.gap)
            click.echo(
                f"{tenant_id}: {f'NOT SIGNED: {verdict.gap};' if verdict.gap else 'OK,'}"
                f" {verdict.seq} events, {verdict.signed} signed statements,"
                f" head {verdict.seq}:{verdict.hash}"
            )
        else:
            broken += 1
            click.echo(f"{tenant_id}: {_fault(verdict)}")
    if agency is None:
        _echo_deleted()
        broken += _echo_missing(anchors, anchors.folder if place is None else place)
    if broken or unsigned:
        raise click.exceptions.Exit(1 if broken else UNSIGNED)


@audit.command("sign")
@click.option("--agency", type=click.UUID, help="Id of an agency; all agencies if absent.")
@click.option(
    "--refill",
    is_flag=True,
    help="First write statements to the folder that only the database has, for a new folder.",
)
@with_database
def sign(agency: UUID | None, *, refill: bool) -> None:
    """Verify each chain and sign its head, as the worker does every night.

    With `--refill`, statements that only the database has are first written to the folder. The exit
    code is 1 if a chain was not signed, or if an agency has statements and is not in the database.
    """
    anchors, unsigned = installed(Anchors, "anchors"), 0
    if agency is not None:
        _must_exist(agency)
    if anchors.is_default:
        click.echo(
            f"Warning: {anchors.folder.path} is on this computer. Set VOYAGENT_AUDIT_ANCHOR_DIR to"
            " a folder on another one.",
            err=True,
        )
    for tenant_id in [agency] if agency is not None else chain.every_agency():
        try:
            added = statements.refill(anchors, tenant_id) if refill else 0
            click.echo(f"{tenant_id}: {_signed(anchors, tenant_id, added)}")
        except SigningKeyMissing:
            raise click.ClickException(
                "there is no signing key: set VOYAGENT_AUDIT_SIGNING_KEY"
            ) from None
        except (BrokenError, OSError) as error:
            unsigned += 1
            click.echo(f"{tenant_id}: NOT SIGNED: {error}")
    if agency is None:
        unsigned += _echo_missing(anchors, anchors.folder)
        note_run("audit", findings=unsigned)
    if unsigned:
        raise click.exceptions.Exit(1)


@audit.command("keys")
@with_appcontext
def keys() -> None:
    """Print the public keys of the signatures, the present one first.

    Give the keys to auditors by another channel than the statements.
    """
    public_keys = installed(Anchors, "anchors").public_keys
    if not public_keys:
        raise click.ClickException("there is no signing key: set VOYAGENT_AUDIT_SIGNING_KEY")
    for kid, key in public_keys.items():
        click.echo(f"{kid}  {key.hex()}")


@audit.command("export")
@click.option("--agency", type=click.UUID, required=True)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_database
def export(agency: UUID, file: Path) -> None:
    """Write an agency's whole audit log to a ZIP archive with a verifier.

    The exit code is 1 if the chain is broken or the file cannot be written.
    """
    _must_exist(agency)
    anchors = installed(Anchors, "anchors")
    try:
        head = archive.write(agency, file, anchors)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file}: {head.seq} events. Note its head in another place: {head.seq}:{head.hash}")
    verdict = checks.walk_signed(agency, anchors, checks.found_before(agency))
    if not verdict.ok:
        raise click.ClickException(f"the archive is written, but its chain is {_fault(verdict)}")
    if verdict.gap:
        click.echo(f"Warning: {verdict.gap}", err=True)


def _must_exist(tenant_id: UUID) -> None:
    if not chain.exists(tenant_id):
        raise click.ClickException(f"there is no agency {tenant_id}")


def _heads(texts: tuple[str, ...]) -> list[Head]:
    try:
        return [parse_head(text) for text in texts]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--head") from None


def _signed(anchors: Anchors, tenant_id: UUID, refilled: int) -> str:
    """Verify and sign a chain and return the sentence to print.

    Raises BrokenError, SigningKeyMissing, OSError.
    """
    verdict = checks.walk_signed(tenant_id, anchors, checks.found_before(tenant_id))
    if not verdict.ok:
        raise BrokenError(verdict.bad_seq, _fault(verdict))
    made = statements.sign(anchors, tenant_id, Head(verdict.seq, verdict.hash))
    again = f"{refilled} statements written to the folder; " if refilled else ""
    return f"{again}statement {made.number} of {made.time}, head {made.seq}:{made.head}"


def _fault(verdict: Verdict) -> str:
    at = "" if verdict.bad_seq is None else f" at event {verdict.bad_seq}"
    return f"BROKEN{at}: {verdict.reason}"


def _echo_deleted() -> None:
    for record in deletions.finished():
        facts = record.facts
        click.echo(
            f"{record.id}: DELETED on {record.finished_at:%Y-%m-%d}, {facts['seq']} events, head"
            f" {facts['seq']}:{facts['head']}"
        )


def _echo_missing(anchors: Anchors, place: StatementFolder | Path) -> int:
    """Print the agencies with statements that are not in the database.

    Return their number, or 1 if the statements cannot be read.
    """
    try:
        counted = _counted(place)
    except OSError as error:
        click.echo(f"BROKEN: the statements cannot be read: {error.strerror}")
        return 1
    missing = list(checks.walk_missing(anchors, counted))
    for tenant_id, verdict in missing:
        click.echo(f"{tenant_id}: {_fault(verdict)}")
    return len(missing)


def _counted(place: StatementFolder | Path) -> Mapping[UUID, int]:
    if isinstance(place, StatementFolder):
        return statements.count_by_agency(place)
    if place.is_dir():
        return statements.count_by_agency(StatementFolder(place))
    named = re.findall(rb'"agency":"([0-9a-f-]{36})"', place.read_bytes())
    return Counter(found for text in named if (found := parse_id(text.decode())) is not None)


def _given_lines(place: Path, tenant_id: UUID) -> list[bytes]:
    """Return the statements of an agency in a folder or a file."""
    if place.is_dir():
        return StatementFolder(place).read(tenant_id)
    mark = f'"agency":"{tenant_id}"'.encode()
    return [line for line in place.read_bytes().splitlines() if mark in line]
