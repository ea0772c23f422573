"""Signatures and references of the sandbox, made with the installation's key.

A `supplier_ref` and a `rate_key` contain their data and a signature. Locators and ticket numbers
are computed from the agency's reference.
"""

from __future__ import annotations

import base64
import hmac
import json

from pydantic import JsonValue

from voyagent.drivers.suppliers.errors import UnknownAtSupplier
from voyagent.kernel.canonical import canonical_json
from voyagent.kernel.json_values import JsonMapping, JsonObject
from voyagent.kernel.keyring import Keyring

PURPOSE = "suppliers:sandbox"
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits without I, O, 0 and 1, which are easily confused on the telephone."""
LOCATOR_LENGTH = 6
SERIAL_LEAD = "9"
"""First digit of ticket numbers; numbers of real tickets begin with a lower digit."""
SERIAL_DIGITS = 9
SEATS_RESERVED = 100
"""Number of ticket numbers that are reserved for a booking."""
TOKEN_MAX = 4096
_MARK_BYTES = 15


class Marks:
    """Makes and verifies signatures; signatures made with earlier secrets stay valid."""

    def __init__(self, driver: str, keyring: Keyring) -> None:
        self._driver = driver
        self._keyring = keyring

    def mark(self, kind: str, value: JsonValue | JsonMapping) -> str:
        """Return a short keyed hash of a JSON value.

        `kind` says what the value is, such as a rate or a booking. It is part of the hash, so that
        the hash of a rate is not accepted for a booking.
        """
        return _short(self._keyring.digest(PURPOSE, _text(kind, value)))

    def is_marked(self, kind: str, value: JsonValue | JsonMapping, mark: str) -> bool:
        """Return True if `mark` is the keyed hash of the value and its kind."""
        made = [_short(digest) for digest in self._keyring.digests(PURPOSE, _text(kind, value))]
        return mark.isascii() and any(hmac.compare_digest(one, mark) for one in made)

    def token(self, kind: str, values: JsonMapping) -> str:
        """Return an object as a signed text, which `read` accepts."""
        body = base64.urlsafe_b64encode(canonical_json(values).encode()).decode().rstrip("=")
        return f"{body}.{self.mark(kind, values)}"

    def read(self, kind: str, token: str) -> JsonObject:
        """Return the JSON object of a signed text that the method `token` returned.

        `kind` must be the same in both calls. Raises UnknownAtSupplier if the signature is wrong.
        """
        body, _, mark = token.partition(".")
        try:
            values = (
                json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
                if len(token) <= TOKEN_MAX
                else None
            )
        except ValueError:
            values = None
        if not isinstance(values, dict) or not self.is_marked(kind, values, mark):
            raise UnknownAtSupplier(self._driver, kind)
        return values

    def locator(self, kind: str, reference: str) -> str:
        """Return a locator for a reference: six characters, the first a letter."""
        number = self._number(f"locator:{kind}", reference)
        first, number = ALPHABET[number % 24], number // 24
        rest = [
            ALPHABET[(number >> (5 * place)) % len(ALPHABET)] for place in range(LOCATOR_LENGTH - 1)
        ]
        return first + "".join(rest)

    def serial(self, reference: str) -> int:
        """Return the last ten digits of the first ticket number of a booking.

        The other tickets of the booking have the next numbers.
        """
        number = self._number("ticket", reference) % (10**SERIAL_DIGITS - SEATS_RESERVED)
        return int(f"{SERIAL_LEAD}{number:0{SERIAL_DIGITS}d}")

    def _number(self, kind: str, reference: str) -> int:
        return int.from_bytes(self._keyring.digest(PURPOSE, _text(kind, reference)))


def check_digit(number: str) -> int:
    """Return the check digit of a ticket number: the number modulo seven."""
    return int(number) % 7


def _text(kind: str, value: JsonValue | JsonMapping) -> str:
    return f"{kind}\n{canonical_json(value)}"


def _short(digest: bytes) -> str:
    return base64.b32encode(digest[:_MARK_BYTES]).decode().lower()
