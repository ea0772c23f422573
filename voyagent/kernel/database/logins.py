"""Roles and settings of the program's database logins."""

from __future__ import annotations

import psycopg
from psycopg import sql

from voyagent.kernel.config import Settings
from voyagent.kernel.db_address import libpq_parameters
from voyagent.kernel.db_connections import (
    APP_ROLE,
    Purpose,
    address_of,
    parameters_for,
    plain_parameters,
    session_settings,
)


def grant_app_role(settings: Settings) -> None:
    """Grant the unprivileged role to the program's database logins.

    Nothing is done unless both `db_url` and `db_admin_url` are set.
    """
    if settings.db_url is None or settings.db_admin_url is None:
        return
    logins = {
        libpq_parameters(address).get("user")
        for address in (settings.db_url, settings.db_read_url)
        if address is not None
    }
    with psycopg.connect(**parameters_for(settings, Purpose.MIGRATE)) as owner:
        # A login is missing here if it may use the role already, or if no address names it.
        missing = owner.execute(
            "select rolname from pg_roles where rolname = any(%s) and not pg_has_role(rolname, %s,"
            " 'member')",
            (list(logins), APP_ROLE),
        ).fetchall()
        for (login,) in missing:
            owner.execute(
                sql.SQL("grant {} to {}").format(sql.Identifier(APP_ROLE), sql.Identifier(login))
            )


def store_session_settings(settings: Settings) -> None:
    """Store the settings of PostgreSQL sessions as defaults of the database logins.

    The defaults are needed if the program connects through a pooler. Nothing is stored for the
    login of the schema's owner, because migrations need another role.
    """
    owner = libpq_parameters(settings.migration_url or "").get("user")
    for purpose in (Purpose.WEB, Purpose.READ):
        if purpose is Purpose.READ and not settings.has_read_login:
            continue
        if libpq_parameters(address_of(settings, purpose)).get("user") == owner:
            continue
        values = session_settings(settings, purpose)
        if purpose is Purpose.READ:
            values["default_transaction_read_only"] = "on"
        with psycopg.connect(**plain_parameters(settings, purpose)) as connection:
            connection.execute("set transaction read write; set local role none")
            row = connection.execute("select session_user, current_database()").fetchone()
            login, database = map(sql.Identifier, row or ())
            for name, value in values.items():
                connection.execute(
                    sql.SQL("alter role {} in database {} set {} = {}").format(
                        login, database, sql.Identifier(name), sql.Literal(value)
                    )
                )
