"""Manifests of files: origin, figures, and digests of the members."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

from voyagent.kernel.fields import without_controls

FORMAT = 1
DATABASE, MANIFEST, KEYS = "database.dump", "manifest.json", "keys.sealed"
STATEMENTS = "files/audit-statements/"
"""Folder of the signed statements of the audit logs in the archive."""
Balances = dict[str, dict[str, dict[str, list[int]]]]


@dataclass(frozen=True, slots=True)
class Census:
    """Figures of a whole database, all read in one snapshot.

    `tables` has the number of rows by table. `heads` has the head of each audit log as
    `NUMBER:HASH`, by agency. `balances` has the trial balances: debits and credits in minor units
    as `[debit, credit]`, by agency, currency and account code.
    """

    tables: dict[str, int]
    heads: dict[str, str]
    balances: Balances


@dataclass(frozen=True, slots=True)
class FileManifest:
    """The contents of `manifest.json` of a backup or of an agency's file.

    `made_at` is the time of the snapshot in UTC, in ISO 8601. `installation` is the id of the
    installation. `members` has the SHA-256 of each member by name, except for the manifest and the
    secrets. A subclass sets `known_format`, the only `format` that it reads.
    """

    known_format: ClassVar[int | str]

    format: int | str
    release: str
    revision: str
    made_at: str
    installation: str
    census: Census
    members: dict[str, str]

    def __post_init__(self) -> None:
        """Remove control characters from texts, because they are printed on a terminal."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                object.__setattr__(self, field.name, without_controls(value))

    def encode(self) -> bytes:
        """Return the manifest as JSON in UTF-8."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Read a manifest. Raises ValueError if it is not one of this format."""
        found = json.loads(content)
        if not isinstance(found, dict) or found.get("format") != cls.known_format:
            raise ValueError("the format is unknown")
        try:
            census = Census(**found.pop("census"))
            return cls(census=census, **found)
        except (KeyError, TypeError):
            raise ValueError("the manifest is incomplete") from None


@dataclass(frozen=True, slots=True)
class Manifest(FileManifest):
    """The manifest of a backup.

    `lsn` is the position in the write-ahead log. `installation` is empty if the schema is older
    than 0118.
    """

    known_format = FORMAT

    server_version: str
    lsn: str


def differences(found: Census, wanted: Census) -> list[str]:
    """Return each difference between two databases as a clause of a sentence."""
    faults = []
    for field, what in zip(
        fields(Census),
        ("the number of rows of", "the head of the audit log of", "the trial balance of"),
        strict=True,
    ):
        has: dict[str, Any] = getattr(found, field.name)
        needs: dict[str, Any] = getattr(wanted, field.name)
        faults += [
            f"{what} {key} differs from the manifest"
            for key in sorted(has.keys() | needs.keys())
            if has.get(key) != needs.get(key)
        ]
    return faults
