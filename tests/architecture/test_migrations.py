"""Migrations are numbered, go up and down and up, and end where the models are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask

from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db import Base

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"


@pytest.fixture
def empty_app(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application over a database of its own with nothing in it."""
    owner = sa.create_engine(sa.make_url(settings.db_admin_url or ""), isolation_level="AUTOCOMMIT")
    name = f"{owner.url.database}_migrations"
    with owner.connect() as connection:
        connection.execute(sa.text(f"drop database if exists {name} with (force)"))
        connection.execute(sa.text(f"create database {name}"))
    fresh = settings.model_copy(
        update={
            "db_url": (
                sa.make_url(settings.db_url or "")
                .set(database=name)
                .render_as_string(hide_password=False)
            ),
            "db_admin_url": owner.url.set(database=name).render_as_string(hide_password=False),
        }
    )
    yield create_app(fresh)
    with owner.connect() as connection:
        connection.execute(sa.text(f"drop database if exists {name} with (force)"))
    owner.dispose()


def test_files_are_numbered_in_one_line() -> None:
    numbers, behind = [], []
    for path in VERSIONS.glob("[0-9]*.py"):
        text = path.read_text()
        numbers.append(path.name[:4])
        behind += re.findall(r'^down_revision = "?(\w+)"?$', text, re.MULTILINE)
        assert re.search(rf'^revision = "{path.name[:4]}"$', text, re.MULTILINE), path.name
        assert "Never edit this file once it has landed." in text, path.name
    assert len({*numbers}) == len(numbers), "each number is one file's"
    assert len({*behind}) == len(behind) == len(numbers), "each follows one, and no two the same"
    assert {*behind} <= {"None", *numbers}


def test_up_down_up_leaves_what_the_models_say(empty_app: Flask) -> None:
    with empty_app.app_context():
        flask_migrate.upgrade()
        first = _schema(empty_app)
        flask_migrate.downgrade(revision="base")
        assert _schema(empty_app) == {"alembic_version"}
        flask_migrate.upgrade()
        assert _schema(empty_app) == first


def test_the_schema_equals_the_models(settings: Settings) -> None:
    engine = sa.create_engine(settings.db_admin_url or "")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": lambda _thing, name, *_rest: (
                    not (name or "").startswith("procrastinate_")
                )
            },
        )
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def _schema(app: Flask) -> set[str]:
    engine = sa.create_engine(app.config["MIGRATION_URL"])
    with engine.connect() as connection:
        relations = connection.scalars(
            sa.text(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and"
                " relkind in ('r', 'i', 'S', 'v') and relname <> 'alembic_version_pkc'"
            )
        ).all()
        functions = connection.scalars(
            sa.text(
                "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid ="
                " p.pronamespace where n.nspname in ('app', 'public') and not exists (select 1 from"
                " pg_depend d where d.objid = p.oid and d.deptype = 'e')"
            )
        ).all()
    engine.dispose()
    return set(relations) | set(functions)
