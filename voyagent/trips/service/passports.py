"""Encrypt and decrypt passport numbers, and record each decryption for an act."""

from __future__ import annotations

from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.kernel import person_keys
from voyagent.kernel.actor import Actor
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.resealing import SealedColumn
from voyagent.trips.models import TripPassenger

PURPOSE = "passport"
SEALED = (
    SealedColumn(
        "trip_passengers",
        "passport_sealed",
        PURPOSE,
        "trip_passengers:{id}",
        foreign=person_keys.VERSION,
    ),
)
PATTERN = r"^[A-Z0-9]{6,20}$"


def normal(number: str) -> str:
    """Normalise a passport number: capitals, no spaces or hyphens."""
    return number.upper().replace(" ", "").replace("-", "")


def seal(keyring: Keyring, passenger: TripPassenger, number: str | None) -> None:
    """Set a passenger's passport number, encrypted with the passenger's own key.

    If `number` is None, the stored number is cleared. The passenger must have an id.
    """
    passenger.passport_sealed = (
        None
        if number is None
        else person_keys.seal(keyring, passenger.id, PURPOSE, number.encode())
    )
    passenger.passport_last4 = None if number is None else number[-4:]


def opened(
    keyring: Keyring, passenger_id: UUID, sealed: bytes | None, key: bytes | None = None
) -> str | None:
    """Decrypt a passport number; None if there is none or the key was destroyed.

    `key` is the passenger's encrypted key, by default read from the database. Raises SealBroken if
    the number was encrypted for another passenger or with a lost secret.
    """
    if sealed is None:
        return None
    if is_of_installation(sealed):
        return keyring.open(PURPOSE, sealed, bound_to=_row(passenger_id)).decode()
    key = key or person_keys.key_of(passenger_id)
    plain = person_keys.unseal(keyring, passenger_id, PURPOSE, sealed, key)
    return None if plain is None else plain.decode()


def record_opening(actor: Actor, trip_id: UUID, passenger_id: UUID, purpose: str) -> None:
    """Record that a whole passport number was decrypted for an act.

    The audit event has no part of the number. `purpose` is the act: `itinerary`, `flight` or
    `visa`.
    """
    audit.record(
        actor,
        "passport.opened",
        entity_refs={"trip_id": trip_id, "passenger_id": passenger_id},
        inputs={"purpose": purpose},
    )


def is_of_installation(sealed: bytes) -> bool:
    """Return True if the number is encrypted with the secret of the installation.

    An earlier release stored such numbers. All others are encrypted with the passenger's own key.
    """
    return sealed[:1] != person_keys.VERSION


def _row(passenger_id: UUID) -> str:
    return f"trip_passengers:{passenger_id}"
