"""`flask agency import`: an agency as it was, in another installation, or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.agencies.archives import manifest_of, opened, rewritten, rows_of
from tests.agencies.conftest import SEED, exported, import_
from tests.backup.conftest import Site
from tests.people import Person
from voyagent.agencies import queries
from voyagent.agencies.errors import NotImported, UnknownSigningKey
from voyagent.agencies.rules.manifest import AgencyManifest, member_of
from voyagent.agencies.service import importing
from voyagent.audit.service.statements import Anchors
from voyagent.backup.service.opening import Opened
from voyagent.identity.service import second_factor
from voyagent.kernel.db_connections import Purpose, parameters_for
from voyagent.trips.service import passports

OTHER_DEBIT = {"debit_minor": 1, "credit_minor": 0, "base_debit_minor": 1, "base_credit_minor": 0}


@pytest.fixture(scope="module")
def imported(target: Site, file: Path) -> str:
    """The output of an import of Alice's agency."""
    done = import_(target, file)
    assert done.exit_code == 0, done.output
    return done.output


def without_later(rows: dict[str, list[dict[str, Any]]], seq: int) -> dict[str, Any]:
    """Return rows without what the commands of the test themselves have written."""
    kept = dict(rows) | {"audit_events": [row for row in rows["audit_events"] if row["seq"] <= seq]}
    del kept["audit_heads"]
    return kept


def test_an_imported_agency_is_exported_as_it_was(
    source: Site, target: Site, alice: Person, file: Path, imported: str, tmp_path: Path
) -> None:
    head = int(manifest_of(file).census.heads[str(alice.actor.tenant_id)].split(":")[0])
    again = exported(target, alice, tmp_path / "again.tar")
    before, after = rows_of(source, file), rows_of(target, again)
    assert without_later(after, head) == without_later(before, head)
    kinds = [row["kind"] for row in after["audit_events"][head:]]
    assert kinds == ["agency.imported", "agency.exported"]
    assert manifest_of(again).census.balances == manifest_of(file).census.balances
    with opened(again) as copy, opened(file) as export:
        assert copy.archive.read("files/logo.png") == export.archive.read("files/logo.png")


def test_an_imported_agency_is_suspended_and_sound(
    target: Site, alice: Person, imported: str
) -> None:
    tenant_id = str(alice.actor.tenant_id)
    assert f"Let its people sign in with `flask agency resume {tenant_id}`." in imported
    assert target.ask(f"select is_active from tenants where id = '{tenant_id}'") == [(False,)]
    assert target.run("books", "check", "--agency", tenant_id).exit_code == 0
    verified = target.run("audit", "verify", "--agency", tenant_id)
    assert verified.exit_code == 0, verified.output
    assert " 1 signed statements" in verified.output


def test_people_sign_in_with_their_password_and_read_their_secrets(
    target: Site, alice: Person, imported: str
) -> None:
    tenant_id = str(alice.actor.tenant_id)
    assert target.run("agency", "resume", tenant_id).exit_code == 0
    person = target.signed_in_again(alice)
    settings = person.api.get("/tenant-settings").json
    assert settings["bank_details"] == "HDFC 50100012345678"
    found = person.api.get("/parties?q=27AAPFU0939F1ZV").json
    assert [(one["name"], one["pan"]) for one in found["items"]] == [
        ("Deepa Krishnan", "AAPFU0939F")
    ]
    keyring = person.app.extensions["voyagent.keyring"]
    [(passenger_id, passport)] = target.ask(
        "select id, passport_sealed from trip_passengers where passport_sealed is not null"
    )
    [(seed,)] = target.ask(f"select totp_secret from users where email = '{alice.email}'")
    with person.acting() as actor:
        assert passports.opened(keyring, passenger_id, passport) == "Z1234567"
        assert actor.user_id is not None
        assert second_factor.open_seed(keyring, actor.user_id, seed) == SEED
    assert target.run("agency", "suspend", tenant_id).exit_code == 0


def test_nothing_of_the_agency_is_sent_after_the_import(
    target: Site, alice: Person, imported: str
) -> None:
    tenant_id = str(alice.actor.tenant_id)
    assert target.ask(f"select count(*) from mails where tenant_id = '{tenant_id}'") == [(0,)]
    assert target.ask(
        f"select count(*) from procrastinate_jobs where args->>'tenant_id' = '{tenant_id}'"
    ) == [(0,)]


def refused(site: Site, file: Path, sentence: str, **changes: object) -> None:
    """Check that an import is refused with a sentence and leaves no row."""
    before = site.ask("select count(*) from tenants")
    done = import_(site, file, **changes)
    assert done.exit_code == 1, done.output
    assert sentence in done.output
    assert done.output.count("\n") == 1
    assert site.ask("select count(*) from tenants") == before


def test_an_agency_that_is_there_is_refused(target: Site, file: Path, imported: str) -> None:
    refused(target, file, "is in this installation already.")


@pytest.fixture(scope="module")
def small(source: Site) -> Person:
    """The administrator of a small agency of the source with an API key."""
    person = source.people().sign_up("Fay Owner", agency="Fay Travels")
    source.ask(
        "insert into api_keys (tenant_id, id, created_by_user_id, name, prefix, key_hash, scopes)"
        f" values ('{person.actor.tenant_id}', gen_random_uuid(), '{person.actor.user_id}', 'Site',"
        " 'fayfayfa', sha256('x'), '{read}') returning id"
    )
    return person


@pytest.fixture(scope="module")
def small_file(source: Site, small: Person) -> Path:
    return exported(source, small, source.folder / "fay.tar")


def test_an_address_that_has_an_account_is_refused(
    target: Site, small: Person, small_file: Path
) -> None:
    other = target.people().sign_up("Gus Owner", agency="Gus Travels")
    target.ask(
        f"update users set email = '{small.email}' where email = '{other.email}' returning 1"
    )
    refused(target, small_file, f"in another agency here: {small.email}. Remove the accounts")
    target.ask(f"update users set is_active = false where email = '{small.email}' returning 1")


def test_the_prefix_of_an_api_key_that_is_there_is_refused(target: Site, small_file: Path) -> None:
    other = target.people().sign_up("Hal Owner", agency="Hal Travels")
    target.ask(
        "insert into api_keys (tenant_id, id, created_by_user_id, name, prefix, key_hash, scopes)"
        f" values ('{other.actor.tenant_id}', gen_random_uuid(), '{other.actor.user_id}', 'Site',"
        " 'fayfayfa', sha256('y'), '{read}') returning id"
    )
    refused(target, small_file, "begin like those of the file: fayfayfa.")
    target.ask("delete from api_keys where prefix = 'fayfayfa' returning 1")


def test_another_revision_is_refused(target: Site, small_file: Path, tmp_path: Path) -> None:
    other = rewritten(small_file, tmp_path / "x.tar", lambda _members: None, revision="0117")
    refused(target, other, "The file has the schema revision 0117, and this installation has ")


@pytest.mark.parametrize("member", ["name", "revision", "made_at"])
def test_a_text_in_a_file_cannot_control_the_terminal(small_file: Path, member: str) -> None:
    manifest = manifest_of(small_file)
    start = f'"{member}": "'
    content = manifest.encode().replace(start.encode(), f"{start}\\u001b]0;".encode())
    read = AgencyManifest.decode(content)
    assert getattr(read, member) == f" ]0;{getattr(manifest, member)}"


def test_an_error_with_a_text_of_a_file_cannot_control_the_terminal() -> None:
    assert "\x1b" not in str(UnknownSigningKey(["\x1b]0;"]))
    assert "\x1b" not in str(NotImported(["\x1b]0;"]))


def test_an_unknown_signing_key_is_refused(target: Site, file: Path) -> None:
    key = manifest_of(file).public_keys[0]
    target.end_sessions()
    sentence = f"The audit log was signed with {key}: compare it"
    tenant_id = manifest_of(file).agency
    if target.ask(f"select 1 from tenants where id = '{tenant_id}'"):
        sentence = "is in this installation already."
    refused(target, file, sentence, audit_public_keys_previous="")


def test_a_wrong_passphrase_and_a_changed_byte_are_refused(
    target: Site, small_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "wrong").write_text("nine wooden forks\n")
    done = target.run("agency", "import", small_file, "--passphrase-file", tmp_path / "wrong")
    assert done.output == f"Error: The passphrase is not that of {small_file}.\n"
    content = bytearray(small_file.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "changed.tar").write_bytes(content)
    refused(target, tmp_path / "changed.tar", "it was changed after it was made.")


def test_a_file_that_is_changed_after_the_check_is_refused(
    target: Site, small_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, check = Path(shutil.copy(small_file, tmp_path)), importing.require_no_conflict

    def checked(export: Opened[AgencyManifest], anchors: Anchors) -> None:
        check(export, anchors)
        place = export.archive.members[member_of("audit_events")].offset
        with file.open("r+b") as other:
            other.seek(place + other.read(place + 4096)[place:].index(b"agency."))
            other.write(b"broken.")

    monkeypatch.setattr(importing, "require_no_conflict", checked)
    refused(target, file, "cannot be restored: it was changed after it was checked.")


def changed(table: str, **fields: object) -> Callable[[dict[str, bytes]], object]:
    """Return a change of the first row of a table."""

    def change(members: dict[str, bytes]) -> None:
        name = member_of(table)
        first, *others = members[name].splitlines(keepends=True)
        row = json.dumps(json.loads(first) | fields).encode() + b"\n"
        members[name] = b"".join([row, *others])

    return change


@pytest.mark.parametrize(
    ("table", "fields", "sentence"),
    [
        ("postings", OTHER_DEBIT, "journal entry does not balance"),
        ("invoices", {"paid_minor": 1}, "allocations sum to"),
        ("daily_balances", {"debit_minor": 1}, "days: "),
        ("audit_events", {"kind": "agency.renamed"}, "event 1 has been changed"),
        ("audit_private", {"parts": {"inputs": {}}}, "the personal text of event"),
        ("audit_statements", {"number": None}, "null value in column"),
        ("audit_statements", {"document": "{}"}, "statements in the table are not those of the"),
        ("trips", {"tenant_id": "00000000-0000-0000-0000-000000000001"}, "row-level security"),
    ],
)
def test_rows_that_were_changed_are_refused(
    source: Site, target: Site, tmp_path: Path, table: str, fields: dict[str, object], sentence: str
) -> None:
    file = source.folder / "ida.tar"
    if not file.exists():
        exported(source, source.filled("Ida"), file)
    other = rewritten(file, tmp_path / "changed.tar", changed(table, **fields))
    refused(target, other, sentence)


def test_the_programs_login_cannot_be_the_mover(target: Site) -> None:
    parameters = parameters_for(target.settings, Purpose.WEB)
    with (
        psycopg.connect(**parameters) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("set role voyagent_mover")


def test_every_table_of_agencies_lets_the_mover_insert_read_and_delete(source: Site) -> None:
    for table in queries.tables():
        rights = source.ask(
            "select array_agg(privilege_type::text order by privilege_type::text) from"
            " information_schema.role_table_grants where grantee = 'voyagent_mover' and"
            f" table_name = '{table.name}'"
        )
        assert rights == [(["DELETE", "INSERT", "SELECT"],)], (
            f"a migration must execute row_security.mover_policy for {table.name}"
        )


def test_no_trigger_hinders_the_mover(source: Site) -> None:
    """Only checks at the end of the transaction apply to the mover."""
    hindering = source.ask(
        "select tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace"
        " = 'public'::regnamespace and c.relname not like 'procrastinate%' and not tgisinternal and"
        " tgconstraint = 0 and (tgtype & 4 > 0 or tgtype & 8 > 0) and"
        " pg_get_triggerdef(t.oid) !~ 'voyagent_mover|pg_trigger_depth'"
    )
    assert hindering == []
