"""`flask backup`: one file with dump, statements, secrets and figures."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.sql import SQL

from tests.backup.conftest import PASSPHRASE, Site
from voyagent.backup.rules import sealing
from voyagent.backup.service.archive import reading
from voyagent.backup.service.copies import open_backup
from voyagent.drivers.postgres.clients import Clients
from voyagent.kernel.database.start_checks import SCHEMA_TO


def test_a_backup_has_the_dump_the_figures_and_the_sealed_secrets(
    site: Site, tmp_path: Path
) -> None:
    alice = site.filled("Alice")
    file = tmp_path / "backup.tar"
    done = site.back_up(file)
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.glob("backup.tar*")] == ["backup.tar"]
    with tarfile.open(file) as tar:
        content = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    statements = f"files/audit-statements/{alice.actor.tenant_id}.jsonl"
    assert set(content) >= {"database.dump", "manifest.json", "keys.sealed"}
    manifest = json.loads(content["manifest.json"])
    assert manifest["members"] == {
        name: hashlib.sha256(content[name]).hexdigest()
        for name in content.keys() - {"manifest.json", "keys.sealed"}
    }
    assert statements not in content or content[statements].endswith(b"\n")
    counted = site.ask("select count(*) from procrastinate_jobs union all select 1")
    assert manifest["census"]["tables"]["public.procrastinate_jobs"] == counted[0][0]
    assert manifest["census"]["tables"]["public.users"] == 1
    head = manifest["census"]["heads"][str(alice.actor.tenant_id)]
    assert int(head.split(":")[0]) == manifest["census"]["tables"]["public.audit_events"]
    balance = manifest["census"]["balances"][str(alice.actor.tenant_id)]["INR"]
    assert sum(debit for debit, _ in balance.values()) == sum(c for _, c in balance.values()) > 0
    assert manifest["revision"] == SCHEMA_TO
    assert (manifest["installation"],) == site.ask("select id::text from installation")[0]
    opened = sealing.unseal(content["keys.sealed"], PASSPHRASE, content["manifest.json"])
    assert opened["VOYAGENT_AUTH_SECRET"] == site.settings.auth_secret.get_secret_value()
    assert site.settings.auth_secret.get_secret_value().encode() not in content["keys.sealed"]
    noted = (
        "select findings, at > now() - interval '5 minutes' from last_runs where name = 'backup'"
    )
    assert site.ask(noted) == [(0, True)]


def test_the_key_of_the_secrets_is_derived_at_full_cost(
    costly_n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tests derive it with little work."""
    monkeypatch.setattr(sealing, "SCRYPT_N", costly_n)
    sealed = json.loads(sealing.seal({"NAME": "value"}, PASSPHRASE, b"{}"))
    salt, nonce, content = (base64.b64decode(sealed[name]) for name in ("salt", "nonce", "sealed"))
    key = hashlib.scrypt(PASSPHRASE.encode(), salt=salt, n=2**17, r=8, p=1, maxmem=2**28, dklen=32)
    opened = AESGCM(key).decrypt(nonce, content, sealed["manifest"].encode())
    assert json.loads(opened) == {"NAME": "value"}


def test_a_role_that_cannot_see_all_rows_is_refused(shared: Site, tmp_path: Path) -> None:
    done = shared.back_up(tmp_path / "backup.tar", db_backup_url=shared.settings.db_url)
    assert done.exit_code == 1
    assert done.output.startswith("Error: The role voyagent_app does not see all rows of ")
    assert done.output.count("\n") == 1
    assert list(tmp_path.glob("backup.tar*")) == []


def test_a_short_passphrase_is_refused(shared: Site, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("eleven char\n")
    done = shared.run("backup", tmp_path / "b.tar", "--passphrase-file", tmp_path / "short")
    assert (done.exit_code, done.output) == (
        1,
        "Error: The passphrase is too short: use at least 12 characters.\n",
    )


def test_a_failed_backup_leaves_the_earlier_file(shared: Site, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    assert shared.back_up(file).exit_code == 0
    before = file.read_bytes()
    done = shared.back_up(file, db_programs_dir=tmp_path)
    assert done.output.startswith("Error: pg_dump failed: no installed programs fit a server of")
    assert done.output.endswith(" to the folder with those of its version.\n")
    assert file.read_bytes() == before
    with reading(file) as archive:
        assert archive.members.keys() >= {"database.dump"}
    assert list(tmp_path.glob("*.part")) == []


def test_the_figures_are_those_of_the_dump(
    shared: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is written while the dump is made is neither counted nor dumped."""
    add = "insert into procrastinate_workers (last_heartbeat) values (now()) returning id"
    seen: list[tuple[object, ...]] = []

    def dump(
        _clients: Clients,
        parameters: dict[str, str],
        snapshot: str,
        write: Callable[[bytes], object],
    ) -> None:
        shared.ask(add)
        with psycopg.connect(**parameters, autocommit=True) as other:  # type: ignore[arg-type]
            other.execute("begin isolation level repeatable read")
            other.execute(SQL("set transaction snapshot {}").format(snapshot))
            seen.extend(other.execute("select count(*) from procrastinate_workers").fetchall())
        write(b"a dump")

    before = shared.ask("select count(*) from procrastinate_workers")
    monkeypatch.setattr(Clients, "dump", dump)
    file = tmp_path / "backup.tar"
    done = shared.back_up(file)
    assert done.exit_code == 0, done.output
    with open_backup(file, PASSPHRASE) as backup:
        tables = backup.manifest.census.tables
    assert seen == before == [(tables["public.procrastinate_workers"],)]
    shared.ask("delete from procrastinate_workers returning id")
