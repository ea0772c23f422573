"""Application context and database errors of the commands of the `flask` program."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
import psycopg
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from voyagent.kernel.db_connections import Purpose, name_process

Given = ParamSpec("Given")
Result = TypeVar("Result")

# Schema, table, column or function that this version has and the database does not.
_UNDEFINED = frozenset({"3F000", "42P01", "42703", "42883"})
# The server starts or stops; a failed connection attempt has no code at all.
_AWAY = frozenset({None, "57P01", "57P02", "57P03"})


def with_database(command: Callable[Given, Result]) -> Callable[Given, Result]:
    """Run a command in the application context; explain errors of the database.

    Raises ClickException (exit code 1) if the database server does not accept the connection or the
    database has the schema of another version.
    """

    @wraps(command)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        name_process(Purpose.COMMAND)
        try:
            return command(*args, **kwargs)
        except (DBAPIError, psycopg.Error) as error:
            sentence = _refusal(error.orig if isinstance(error, DBAPIError) else error)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from None

    return with_appcontext(run)


def _refusal(error: BaseException | None) -> str | None:
    code = getattr(error, "sqlstate", None)
    if code in _UNDEFINED:
        return (
            "The database does not have the schema of this version. Run `flask migrate-up` first."
        )
    if isinstance(error, psycopg.OperationalError) and code in _AWAY:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        return (
            f"The database cannot be used: {reason}. Check VOYAGENT_DB_URL; if the server is new,"
            " run `flask migrate-up` first."
        )
    return None
