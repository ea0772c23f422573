"""Two installations with other secrets: one to export from, one to import to."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from pydantic import SecretStr
from sqlalchemy import text

from tests.backup.conftest import Site, costly_n, site_of
from tests.people import Person
from voyagent.audit.service.statements import Anchors
from voyagent.identity.service import second_factor
from voyagent.kernel.db import db, transaction

__all__ = ["Site", "costly_n", "site_of"]
SEED = "JBSWY3DPEHPK3PXP"


@pytest.fixture(scope="package")
def source(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An installation from which agencies are exported."""
    with site_of(server_urls, tmp_path_factory.mktemp("source")) as made:
        yield made


@pytest.fixture(scope="package")
def target(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory, source: Site
) -> Iterator[Site]:
    """An installation with its own secrets that trusts the signing key of the source."""
    theirs = Anchors.of(source.settings).public_keys.values()
    own = base64.b64encode(bytes(range(32))).decode()
    with site_of(server_urls, tmp_path_factory.mktemp("target")) as made:
        changes = {
            "auth_secret": SecretStr("another-secret-" + "1" * 40),
            "audit_signing_key": SecretStr(own),
            "audit_public_keys_previous": ",".join(key.hex() for key in theirs),
        }
        yield replace(made, settings=made.settings.model_copy(update=changes))


@pytest.fixture(scope="package")
def alice(source: Site) -> Person:
    """The administrator of a suspended agency with a row in every table."""
    person = source.filled("Alice")
    with person.app.app_context(), transaction(person.actor.tenant_id):
        keyring, user_id = person.app.extensions["voyagent.keyring"], person.actor.user_id
        assert user_id is not None
        db.session.execute(
            text("update users set totp_secret = :sealed, totp_pending_secret = :sealed"),
            {"sealed": second_factor.seal_seed(keyring, user_id, SEED)},
        )
    done = source.run("agency", "suspend", str(person.actor.tenant_id))
    assert done.exit_code == 0, done.output
    return person


@pytest.fixture(scope="package")
def file(source: Site, alice: Person) -> Path:
    """An export of Alice's agency."""
    return exported(source, alice, source.folder / "alice.tar")


def export(site: Site, person: Person, file: Path) -> Result:
    """Run `flask agency export` of a person's agency."""
    given = (file, "--passphrase-file", site.passphrase_file)
    return site.run("agency", "export", str(person.actor.tenant_id), *given)


def exported(site: Site, person: Person, file: Path) -> Path:
    """Return the file of an export that has succeeded."""
    done = export(site, person, file)
    assert done.exit_code == 0, done.output
    return file


def import_(site: Site, file: Path, **changes: object) -> Result:
    """Run `flask agency import`."""
    given = (file, "--passphrase-file", site.passphrase_file)
    return site.run("agency", "import", *given, **changes)
