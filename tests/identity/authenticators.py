"""An authenticator app for tests, and users who have one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyotp
import time_machine

from tests.people import PASSWORD, Person
from voyagent.identity.service import totp
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor, Channel

API = Device(Channel.API, ip="198.51.100.9")
STEP_S = 30


@dataclass(frozen=True)
class Authenticator:
    """The authenticator app of a person."""

    secret: str

    def code(self, steps: int = 0) -> str:
        """Return the code of now, or of `steps` from now."""
        return pyotp.TOTP(self.secret).generate_otp(int(clock.now().timestamp()) // STEP_S + steps)


@contextmanager
def standing_clock() -> Iterator[time_machine.Traveller]:
    """Stop the clock five seconds into a step; it moves only by `shift`."""
    now = clock.now().timestamp()
    with time_machine.travel(now - now % STEP_S + 5, tick=False) as travel:
        yield travel


def begin(person: Person) -> Authenticator:
    """Start a set-up that waits for its first code."""
    setup = person.does(
        lambda actor: totp.set_up_totp(
            rules(person), in_session(person, actor), device=API, password=PASSWORD, code=None
        )
    )
    return Authenticator(setup.secret)


def switch_on(person: Person) -> Authenticator:
    """Switch two-factor sign-in on with the previous code.

    The current one stays unused.
    """
    app = begin(person)
    person.does(
        lambda actor: totp.verify_totp(
            rules(person), in_session(person, actor), code=app.code(-1), device=API
        )
    )
    return app


def in_session(person: Person, actor: Actor) -> Actor:
    """Return the actor with the session of her access token."""
    return replace(
        actor, session_id=rules(person).tokens.read(person.access_token).session_id, fresh=True
    )


def recovery_codes(person: Person, app: Authenticator) -> list[str]:
    """Create recovery codes with the current code."""

    def make(actor: Actor) -> list[str]:
        return totp.make_recovery_codes(
            rules(person), in_session(person, actor), password=PASSWORD, code=app.code(), device=API
        )

    return person.does(make)


def rules(person: Person) -> Identity:
    """Return the installation's rules."""
    return person.app.extensions["voyagent.identity"]
