"""Command `flask do`: run a capability as a user of an agency."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from uuid import UUID

import click
from flask_babel import gettext
from pydantic import BaseModel, ValidationError

from voyagent.capabilities import registry
from voyagent.capabilities.capability import Capability, Invocation
from voyagent.capabilities.describe import FormField, form_fields
from voyagent.capabilities.execution import Proposed, require_permission, summary_of
from voyagent.capabilities.immediate import execute_now
from voyagent.http.commands import with_database
from voyagent.identity.queries import people
from voyagent.kernel.actor import Channel
from voyagent.kernel.db import transaction
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.problems import problems


class Capabilities(click.Group):
    """Command group with a subcommand for each capability.

    Each field of a capability's input is an option of its command.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - of the base class
        """Return the names of all capabilities."""
        return [one.name for one in registry.every()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of a capability, or None."""
        capability = registry.find(cmd_name)
        return None if capability is None else _command(capability)


@click.group("do", cls=Capabilities, invoke_without_command=True)
@click.option("--list", "lists", is_flag=True, help="List the capabilities.")
@click.pass_context
def do(ctx: click.Context, *, lists: bool) -> None:
    """Run a capability as a user of an agency, and print its output as JSON."""
    if lists or ctx.invoked_subcommand is None:
        for one in registry.every():
            click.echo(f"{one.name:24} {one.summary}")


def _command(capability: Capability[Any]) -> click.Command:
    fields = form_fields(capability, {})
    options = [
        click.Option(["--agency"], type=click.UUID, help="Id of the user's agency."),
        click.Option(["--as", "address"], required=True, help="E-mail address of the user."),
        click.Option(["--session"], type=click.UUID, help="Id of the conversation."),
        click.Option(["--dry-run"], is_flag=True, help="Print the preview; change nothing."),
        *(_option(one) for one in fields),
    ]

    @with_database
    def run(
        *,
        agency: UUID | None,
        address: str,
        session: UUID | None,
        dry_run: bool,
        **given: object,
    ) -> None:
        values = {one.name: _value(one, given[_parameter(one)]) for one in fields}
        inputs = _input(capability, {k: v for k, v in values.items() if v is not None})
        try:
            output = _run(capability, inputs, agency, address, session, dry_run=dry_run)
        except VoyagentError as error:
            raise click.ClickException(f"{gettext(error.message)} ({error.code})") from None
        click.echo(json.dumps(output, ensure_ascii=False, indent=2, default=str))

    return click.Command(
        capability.name, params=list(options), callback=run, help=capability.summary
    )


def _option(field: FormField) -> click.Option:
    flag = f"--{field.name.replace('_', '-')}"
    names = [f"{flag}/--no-{flag[2:]}" if field.kind == "boolean" else flag, _parameter(field)]
    needed = " Required." if field.required else ""
    nested = " As JSON." if field.kind in ("group", "rows") else ""
    return click.Option(
        names,
        default=None,
        multiple=field.kind in ("records", "list"),
        type=click.Choice(field.options) if field.options else None,
        help=f"{field.help}{nested}{needed}",
    )


def _parameter(field: FormField) -> str:
    """Return the name under which click passes the value of a field's option."""
    return f"field_{field.name}"


def _value(field: FormField, given: Any) -> Any:
    if given is None or given == ():
        return None
    if field.kind in ("records", "list"):
        return list(given)
    if field.kind == "integer":
        return int(given) if str(given).removeprefix("-").isdecimal() else given
    if field.kind in ("group", "rows"):
        try:
            return json.loads(given)
        except ValueError as error:
            raise click.BadParameter(f"{field.name} is not valid JSON: {error}") from None
    return given


def _input(capability: Capability[Any], values: JsonObject) -> BaseModel:
    """Return the input after validating it as strictly as a request body.

    Raises ClickException, whose message has a line for each error.
    """
    try:
        inputs: BaseModel = capability.input.model_validate_json(json.dumps(values))
    except ValidationError as error:
        found = [
            f"{'.'.join(map(str, one['loc'])) or 'input'}: {one['msg']}"  # type: ignore[call-overload]
            for one in problems(error)
        ]
        raise click.ClickException("\n".join(found)) from None
    return inputs


def _run(
    capability: Capability[Any],
    inputs: BaseModel,
    agency: UUID | None,
    address: str,
    session: UUID | None,
    *,
    dry_run: bool,
) -> JsonObject:
    account = people.find_account(address.strip().lower())
    if account is None or agency not in (None, account.tenant_id):
        raise people.PersonNotFound
    with transaction(account.tenant_id):
        call = Invocation(people.get_actor(account.user_id).via(Channel.JOB), session)
        if dry_run:
            return _previewed(capability, call, inputs)
        done = execute_now(capability, call, inputs)
    return asdict(done) if isinstance(done, Proposed) else done


def _previewed(capability: Capability[Any], call: Invocation, inputs: BaseModel) -> JsonObject:
    """Return the summary of an act as `summary` and its preview as `preview`.

    Raises UsageError if the capability has no preview.
    """
    if capability.preview is None:
        raise click.UsageError(f"{capability.name} has no preview.")
    require_permission(capability, call)
    summary = summary_of(capability, call, inputs)
    return {"summary": summary, "preview": capability.preview(call, inputs)}
