"""Reading and rewriting of the files of agencies."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.backup.conftest import PASSPHRASE, Site
from voyagent.agencies.rules.manifest import SECRET, AgencyManifest, member_of
from voyagent.agencies.service import importing, sealed
from voyagent.agencies.service.sealed import EMPTIED, SEALED
from voyagent.backup.rules import sealing
from voyagent.backup.rules.manifest import KEYS, MANIFEST
from voyagent.backup.service.archive import writing
from voyagent.backup.service.opening import Opened

Rows = dict[str, list[dict[str, Any]]]


def opened(file: Path) -> AbstractContextManager[Opened[AgencyManifest]]:
    """Return a context with the checked file."""
    return importing.open_export(file, PASSPHRASE)


def manifest_of(file: Path) -> AgencyManifest:
    """Return the manifest of a checked file."""
    with opened(file) as export:
        return export.manifest


def rows_of(site: Site, file: Path) -> Rows:
    """Return the rows by table; values that are encrypted for the file are decrypted."""
    with opened(file) as export:
        keyring = sealed.keyring_of(site.settings, export.secrets[SECRET])
        found = {
            table: [json.loads(line) for line in export.archive.lines(member_of(table))]
            for table in export.manifest.census.tables
        }
    for one in SEALED:
        for row in found[one.table]:
            value = bytes.fromhex((row[one.column] or "")[2:])
            if value and value[:1] != one.foreign:
                bound_to = one.bound_to.format_map(row)
                row[one.column] = keyring.open(one.purpose, value, bound_to=bound_to).hex()
                row.pop(one.hashed or "", None)
    assert all(
        row[name] is None
        for table, names in EMPTIED.items()
        for row in found[table]
        for name in names
    )
    return found


def rewritten(
    file: Path, to: Path, change: Callable[[dict[str, bytes]], object], **fields: object
) -> Path:
    """Write a file whose members and manifest are changed, with fitting digests."""
    with opened(file) as export:
        archive, manifest, secrets = export.archive, export.manifest, export.secrets
        members = {name: archive.read(name) for name in archive.members.keys() - {MANIFEST, KEYS}}
    change(members)
    with writing(to) as writer:
        for name, content in members.items():
            writer.add(name, content)
        changes = {"members": dict(writer.digests), **fields}
        content = replace(manifest, **changes).encode()  # type: ignore[arg-type]
        writer.add(MANIFEST, content)
        writer.add(KEYS, sealing.seal(secrets, PASSPHRASE, content))
    return to
