"""The manifest of an agency's file: origin, figures, and digests of the members."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from voyagent.backup.rules.manifest import Census

FORMAT = "voyagent-agency-1"
ROWS, SUFFIX = "tables/", ".jsonl"
"""Folder and ending of the members with rows, such as `tables/users.jsonl`."""
STATEMENTS = "files/audit-statements.jsonl"
SECRET = "VOYAGENT_EXPORT_SECRET"  # noqa: S105 - the name of the secret
"""Name of the secret that encrypts values of this file, among the sealed secrets."""


@dataclass(frozen=True, slots=True)
class AgencyManifest:
    """The contents of `manifest.json` of an agency's file.

    `agency` is the id and `name` the name. `made_at` is the time of the snapshot in UTC, in ISO
    8601. `installation` is the id of the installation. `census` has the figures of this agency
    only. `left_out` has a reason for each table that is not in the file. `public_keys` are the keys
    of the signed statements, of 64 hexadecimal digits. `members` has the SHA-256 of each member by
    name, except for the manifest and the secrets.
    """

    format: str
    agency: str
    name: str
    release: str
    revision: str
    made_at: str
    installation: str
    census: Census
    left_out: dict[str, str]
    public_keys: list[str]
    members: dict[str, str]

    def encode(self) -> bytes:
        """Return the manifest as JSON in UTF-8."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def decode(cls, content: bytes) -> AgencyManifest:
        """Read a manifest. Raises ValueError if it is not one of this format."""
        found = json.loads(content)
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError("the format is unknown")
        try:
            census = Census(**found.pop("census"))
            return cls(census=census, **found)
        except (KeyError, TypeError):
            raise ValueError("the manifest is incomplete") from None


def member_of(table: str) -> str:
    """Return the name of the member with the rows of a table."""
    return f"{ROWS}{table}{SUFFIX}"
