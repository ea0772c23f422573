"""The manifest of an agency's file: origin, figures, and digests of the members."""

from __future__ import annotations

from dataclasses import dataclass

from voyagent.backup.rules.manifest import FileManifest

FORMAT = "voyagent-agency-1"
ROWS, SUFFIX = "tables/", ".jsonl"
"""Folder and ending of the members with rows, such as `tables/users.jsonl`."""
STATEMENTS = "files/audit-statements.jsonl"
SECRET = "VOYAGENT_EXPORT_SECRET"  # noqa: S105 - the name of the secret
"""Name of the secret that encrypts values of this file, among the sealed secrets."""


@dataclass(frozen=True, slots=True)
class AgencyManifest(FileManifest):
    """The manifest of an agency's file.

    `agency` is the id and `name` the name. `census` has the row counts, head and balances of this
    agency only. `left_out` has a reason for each table that is not in the file. `public_keys` are
    the keys of the signed statements, of 64 hexadecimal digits.
    """

    known_format = FORMAT

    agency: str
    name: str
    left_out: dict[str, str]
    public_keys: list[str]


def member_of(table: str) -> str:
    """Return the name of the file in the tar archive that has the rows of a table."""
    return f"{ROWS}{table}{SUFFIX}"
