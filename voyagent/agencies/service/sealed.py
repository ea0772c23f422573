"""Values of an agency that are encrypted with the secret of the installation.

In the file of an agency they are encrypted with a secret of this file. An import encrypts them with
the secret of its own installation, and computes the keyed hashes again. Values that are encrypted
with the key of a person need no change, because the key is such a value itself.
"""

from __future__ import annotations

import json
import secrets

from pydantic import SecretStr

from voyagent.agencies.errors import ValueUnreadable
from voyagent.banking import service as banking
from voyagent.billing.core.service import kept_papers
from voyagent.billing.invoices.service import tax_numbers
from voyagent.identity.service import second_factor
from voyagent.kernel import person_keys
from voyagent.kernel.config import Settings
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.keyring import Keyring, SealBroken
from voyagent.parties.service import parties
from voyagent.settings.service import tenant_settings
from voyagent.trips.service import passports

SEALED = (
    *person_keys.SEALED,
    *second_factor.SEALED,
    *tenant_settings.SEALED,
    *parties.SEALED,
    *passports.SEALED,
    *tax_numbers.SEALED,
    *kept_papers.SEALED,
    *banking.SEALED,
)
"""All columns that are encrypted with the secret of the installation, in exported tables."""
EMPTIED = {"users": ("totp_pending_secret", "totp_pending_until")}
"""Columns that are empty in a file: an unfinished set-up of two-factor sign-in begins again."""


def columns_of(table: str) -> frozenset[str]:
    """Return the columns of a table that an export and an import encrypt or empty."""
    sealed = (one.columns for one in SEALED if one.table == table)
    return frozenset().union(*sealed, EMPTIED.get(table, ()))


def resealed(table: str, row: JsonObject, old: Keyring, new: Keyring) -> JsonObject:
    """Return the columns of `columns_of`, encrypted by `new` instead of `old`.

    `row` has these columns and the id, as in JSON from PostgreSQL. Columns of EMPTIED become None.
    Raises ValueUnreadable if `old` cannot decrypt a value.
    """
    found: JsonObject = dict.fromkeys(EMPTIED.get(table, ()))
    try:
        for one in SEALED:
            if one.table == table:
                found |= one.resealed(row, old, new)
    except SealBroken:
        raise ValueUnreadable(table) from None
    return found


def with_values(line: str, values: JsonObject) -> str:
    """Return a row, a line of JSON, in which `values` replace members of these names.

    The line is not parsed, because numbers would lose digits. PostgreSQL takes the last of several
    members with one name.
    """
    return f"{line[:-1]},{json.dumps(values)[1:]}" if values else line


def new_secret() -> str:
    """Return a random secret for a file."""
    return secrets.token_urlsafe(48)


def keyring_of(settings: Settings, secret: str) -> Keyring:
    """Return a key ring that encrypts with the secret of a file."""
    changes = {"auth_secret": SecretStr(secret), "auth_secrets_previous": SecretStr("")}
    return Keyring(settings.model_copy(update=changes))
