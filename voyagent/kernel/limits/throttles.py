"""Table of limits; a test compares it with `docs/operations.md`."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `amount` in any `seconds`."""

    amount: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """The limits of one kind of attempt.

    `account` is counted by the typed address, known or not, and is never scaled; `address` by the
    client's address and `overall` in total, both times `VOYAGENT_LIMIT_SCALE`. Kinds with one
    `bucket` share the counts of an account.
    """

    name: str
    account: tuple[Quota, ...] = ()
    address: tuple[Quota, ...] = ()
    overall: tuple[Quota, ...] = ()
    bucket: str = ""
    patience_s: float = 0.0
    """Seconds that an attempt waits for others at its account.

    Only for acts that hold no connection yet.
    """

    @property
    def account_bucket(self) -> str:
        """Return the name under which an account is counted."""
        return self.bucket or self.name


# A guesser gets ten guesses a minute and a hundred an hour at one account, by any path (NIST
# SP 800-63B-4, 3.2.2: at most 100 in a row). The lock ends by itself within the hour, and at once
# with a completed reset. Nobody can lock another out by going on: where a person has come in from
# before, guesses are counted by themselves, with the same limits.
_PASSWORD = (Quota(10, MINUTE), Quota(100, HOUR))
_MAIL = (Quota(10, HOUR),)
HOME = Quota(1, 30 * DAY)
"""Time for which the places of earlier sign-ins are remembered."""

SIGN_IN = Throttle(
    "sign_in",
    account=_PASSWORD,
    address=(Quota(60, MINUTE),),
    overall=(Quota(600, MINUTE),),
    bucket="password",
    patience_s=2.0,
)
"""A password or a code at sign-in and sign-in-totp."""
REAUTHENTICATE = Throttle(
    "reauthenticate",
    account=_PASSWORD,
    address=(Quota(60, MINUTE),),
    overall=(Quota(600, MINUTE),),
    bucket="password",
)
"""A password or a code of a signed-in person.

At reauthentication, when switching two-factor off, or when changing address or password.
"""
RESET_MAIL = Throttle(
    "reset_mail", account=_MAIL, address=(Quota(30, MINUTE),), overall=(Quota(300, MINUTE),)
)
VERIFICATION_MAIL = Throttle(
    "verification_mail", account=_MAIL, address=(Quota(30, MINUTE),), overall=(Quota(300, MINUTE),)
)
INVITE_MAIL = Throttle(
    "invite_mail", account=_MAIL, address=(Quota(60, MINUTE),), overall=(Quota(300, MINUTE),)
)
"""An invitation, counted by the invited address."""
DOCUMENT_MAIL = Throttle("document_mail", account=_MAIL, overall=(Quota(300, MINUTE),))
"""An itinerary or invoice by mail, counted by the recipient's address."""
CUSTOMER_MAIL = Throttle("customer_mail", account=(Quota(100, HOUR),))
"""Mail to customers, counted by agency: anybody could sign up and write to strangers."""
ONE_TIME_TOKEN = Throttle(
    "one_time_token", address=(Quota(30, MINUTE),), overall=(Quota(300, MINUTE),)
)
"""An attempt with a token of a reset or confirmation link."""
REFRESH = Throttle("refresh", address=(Quota(300, MINUTE),), overall=(Quota(6000, MINUTE),))
SIGN_UP = Throttle(
    "sign_up",
    account=(Quota(30, HOUR),),
    address=(Quota(30, MINUTE),),
    overall=(Quota(300, MINUTE),),
)
"""A new agency, counted by the typed address: the answer tells whether it is taken."""
INVITE_LOOKUP = Throttle(
    "invite_lookup", address=(Quota(60, MINUTE),), overall=(Quota(600, MINUTE),)
)
ACCEPT_INVITE = Throttle(
    "accept_invite", address=(Quota(30, MINUTE),), overall=(Quota(300, MINUTE),)
)
CHANGE_ADDRESS = Throttle(
    "change_address",
    account=(Quota(30, HOUR),),
    address=(Quota(60, MINUTE),),
    overall=(Quota(300, MINUTE),),
)
"""A new address in the profile, counted by the present one.

The answer tells whether the new one is taken.
"""
API_KEY = Throttle("api_key", address=(Quota(60, MINUTE),), overall=(Quota(600, MINUTE),))
"""An invalid API key; valid keys are never counted."""

ALL = (
    SIGN_IN,
    REAUTHENTICATE,
    RESET_MAIL,
    VERIFICATION_MAIL,
    INVITE_MAIL,
    DOCUMENT_MAIL,
    CUSTOMER_MAIL,
    ONE_TIME_TOKEN,
    REFRESH,
    SIGN_UP,
    INVITE_LOOKUP,
    ACCEPT_INVITE,
    CHANGE_ADDRESS,
    API_KEY,
)
