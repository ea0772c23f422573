"""Two-factor codes: from an authenticator app (TOTP, RFC 6238), or recovery codes."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import pyotp
from sqlalchemy import select

from voyagent.audit.service import recording as audit
from voyagent.identity.models import RecoveryCode, User
from voyagent.identity.service.values import Identity
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.resealing import SealedColumn

STEP_S = 30
DRIFT_STEPS = 1
SEED_CHARS = 32
RECOVERY_CODES = 10
RECOVERY_CHARS = 8
SEED, RECOVERY = "totp", "recovery_code"  # key ring purposes
SEALED = (SealedColumn("users", "totp_secret", SEED, "{id}"),)
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TOTP = re.compile(r"[0-9]{6}")
_RECOVERY = re.compile(rf"[A-Z2-7]{{{RECOVERY_CHARS}}}")


class Means(StrEnum):
    """Kind of a valid code: from the authenticator app, or a recovery code."""

    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"


@dataclass(frozen=True, slots=True)
class Spending:
    """Result of checking a code.

    `means` is the kind of a valid code. For a refused code, `means` is None and `reason` is `wrong`
    or `used`.
    """

    means: Means | None = None
    reason: str = ""


def check_code(
    identity: Identity,
    actor: Actor,
    person: User,
    code: str,
    *,
    refusal: type[VoyagentError],
    at: str,
) -> Means:
    """Check a two-factor code of a user, mark it as used, and return its kind.

    The caller must have locked the user (`proving.lock_person`) and made all other checks. A
    refusal commits its audit event, so the caller must have written nothing before. If the
    transaction fails later, the code is not used up. `at` is `sign_in` or `reauthenticate`, for the
    audit log. Raises `refusal` if the code is invalid.
    """
    spending = spend(identity.keyring, person, code)
    about = {"user_id": person.id}
    if spending.means is None:
        audit.record(
            actor,
            "auth.totp_failed",
            status="rejected",
            error=refusal.code,
            entity_refs=about,
            inputs={"at": at, "reason": spending.reason},
        )
        raise refusal
    if spending.means is Means.RECOVERY_CODE:
        audit.record(actor, "auth.recovery_code_used", entity_refs=about, inputs={"at": at})
    return spending.means


def spend(keyring: Keyring, person: User, code: str) -> Spending:
    """Check a two-factor code, mark a valid code as used, and return the result.

    The result says whether the code is valid, wrong or used before; no error is raised.

    Each time step of the authenticator and each recovery code works once. Spaces inside the code
    are ignored; in a recovery code hyphens and case are ignored too.
    """
    typed = "".join(code.split())
    if _TOTP.fullmatch(typed):
        return _spend_totp(keyring, person, typed)
    listed = typed.replace("-", "")
    if listed.isascii() and _RECOVERY.fullmatch(listed.upper()):
        return _spend_recovery_code(keyring, person, listed.upper())
    return Spending(reason="wrong")


def matching_step(seed: str, code: str) -> int | None:
    """Return the latest time step that gives this six-digit code, or None.

    Only the present time step and the time steps directly before and after it are tried.
    """
    if not _TOTP.fullmatch(code):
        return None
    authenticator, now = pyotp.TOTP(seed, interval=STEP_S), int(clock.now().timestamp()) // STEP_S
    steps = range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
    return max(
        (step for step in steps if hmac.compare_digest(authenticator.generate_otp(step), code)),
        default=None,
    )


def seal_seed(keyring: Keyring, user_id: UUID, seed: str) -> bytes:
    """Encrypt the secret of an authenticator so that it decrypts only for this user."""
    return keyring.seal(SEED, seed.encode(), bound_to=str(user_id))


def open_seed(keyring: Keyring, user_id: UUID, sealed: bytes) -> str:
    """Return the decrypted secret of an authenticator in base32. Raises SealBroken."""
    return keyring.open(SEED, sealed, bound_to=str(user_id)).decode()


def reseal(keyring: Keyring, person: User) -> None:
    """Encrypt a user's authenticator secret again if an earlier key encrypted it."""
    if person.totp_secret is not None and keyring.is_old(person.totp_secret):
        person.totp_secret = seal_seed(
            keyring, person.id, open_seed(keyring, person.id, person.totp_secret)
        )


def new_recovery_codes(keyring: Keyring, person: User) -> list[str]:
    """Replace all recovery codes of a user and return the ten new codes."""
    forget_recovery_codes(person.id)
    codes: set[str] = set()
    while len(codes) < RECOVERY_CODES:
        code = "".join(secrets.choice(_ALPHABET) for _ in range(RECOVERY_CHARS))
        if not code.isdigit():
            codes.add(code)
    made = sorted(codes)
    db.session.add_all(
        RecoveryCode(user_id=person.id, code_hash=keyring.digest(RECOVERY, _of(person, code)))
        for code in made
    )
    db.session.flush()
    return made


def forget_recovery_codes(user_id: UUID) -> int:
    """Delete all recovery codes of a person and return their number."""
    return rows_changed(
        "delete from recovery_codes where tenant_id = :tenant_id and user_id = :user_id",
        user_id=user_id,
    )


def forget_setup(user_id: UUID) -> int:
    """Delete the new secret of an unfinished set-up; return 1, or 0 if there is none."""
    return rows_changed(
        "update users set totp_pending_secret = null, totp_pending_until = null where tenant_id ="
        " :tenant_id and id = :user_id and totp_pending_secret is not null",
        user_id=user_id,
    )


def _spend_totp(keyring: Keyring, person: User, code: str) -> Spending:
    if not person.totp_enabled or person.totp_secret is None:
        return Spending(reason="wrong")
    step = matching_step(open_seed(keyring, person.id, person.totp_secret), code)
    if step is None:
        return Spending(reason="wrong")
    spent = rows_changed(
        "update users set totp_last_step = :step where tenant_id = :tenant_id and id = :user_id and"
        " totp_enabled and totp_last_step < :step",
        user_id=person.id,
        step=step,
    )
    return Spending(means=Means.TOTP) if spent else Spending(reason="used")


def _spend_recovery_code(keyring: Keyring, person: User, code: str) -> Spending:
    hashes = keyring.digests(RECOVERY, _of(person, code))
    spent = rows_changed(
        "update recovery_codes set spent_at = now() where tenant_id = :tenant_id and user_id ="
        " :user_id and code_hash = any(:hashes) and spent_at is null",
        user_id=person.id,
        hashes=hashes,
    )
    if spent:
        return Spending(means=Means.RECOVERY_CODE)
    known = db.session.scalar(
        select(RecoveryCode.id).where(
            RecoveryCode.user_id == person.id, RecoveryCode.code_hash.in_(hashes)
        )
    )
    return Spending(reason="used" if known else "wrong")


def _of(person: User, code: str) -> str:
    return f"{person.id}:{code}"
