"""A copy of the migrations with further ones, for tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import Migrate

from tests.processes import ROOT
from voyagent import factory
from voyagent.backup.service import copies
from voyagent.kernel.database.start_checks import SCHEMA_TO

SOURCE = '''"""Do {upgrade}."""

import recipes
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None
{declared}

def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''


class MigrationFolder:
    """Migrations of applications that are created from now on, until the test ends."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder / "migrations"
        shutil.copytree(ROOT / "migrations", self._folder)

        def migrate(app: Flask, db: object, **_options: str) -> Migrate:
            return Migrate(app, db, directory=str(self._folder))

        monkeypatch.setattr(factory, "Migrate", migrate)
        monkeypatch.setattr(copies, "MIGRATIONS", self._folder / "versions")

    def add(
        self,
        revision: str,
        upgrade: str,
        downgrade: str = "pass",
        *,
        before: str = SCHEMA_TO,
        declared: str = "",
    ) -> None:
        """Write a migration; `upgrade` and `downgrade` are statements of Python."""
        (self._folder / "versions" / f"{revision}_step.py").write_text(
            SOURCE.format(
                revision=revision,
                before=before,
                upgrade=upgrade,
                downgrade=downgrade,
                declared=declared,
            )
        )
