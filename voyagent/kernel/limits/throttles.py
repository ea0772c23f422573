"""All rate limits; a test compares them with `docs/limits.md`."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `amount` attempts in any period of `seconds`."""

    amount: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """The limits of one kind of attempt.

    The quotas in `account` limit the attempts for each e-mail address as typed; no such account
    need exist. If there are quotas in `everywhere`, those in `account` limit the attempts for an
    e-mail address by one agency, and those in `everywhere` limit the attempts for the e-mail
    address by all agencies together.

    The quotas in `agency` limit the attempts by the people of one agency, those in `address` the
    attempts from one IP address, and those in `overall` all attempts together. The amounts in
    `address` and `overall` are multiplied by `VOYAGENT_LIMIT_SCALE`. Throttles with the same
    `bucket` share the counts of an account.

    A known place is an IP address from which an account with a confirmed e-mail address has signed
    in. If `is_own_account` is true, the account belongs to the person who acts, and only an IP
    address from which this account has signed in is a known place. Attempts from known places may
    use a larger part of `overall` than other attempts (`CEILINGS`).
    """

    name: str
    account: tuple[Quota, ...] = ()
    everywhere: tuple[Quota, ...] = ()
    agency: tuple[Quota, ...] = ()
    address: tuple[Quota, ...] = ()
    overall: tuple[Quota, ...] = ()
    bucket: str = ""
    is_own_account: bool = False
    wait_max_s: float = 0.0
    """Maximum time in seconds that an attempt waits for other attempts at the same account.

    Set it only for actions that do not yet use a database connection.
    """

    @property
    def account_bucket(self) -> str:
        """Return the name under which the attempts at an account are counted."""
        return self.bucket or self.name


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Fractions of an overall limit, above which attempts of some callers are refused.

    With 0.75, for example, a caller is refused when three quarters of the limit are used up.
    `busy` applies to busy callers (see BUSY_ABOVE), and `quiet` to all other callers.
    """

    busy: float
    quiet: float


BUSY_ABOVE = 0.02
"""Part of an overall limit above which an IP address or an agency counts as busy."""
CEILINGS = {False: Ceiling(busy=0.5, quiet=0.75), True: Ceiling(busy=0.9, quiet=1.0)}
"""Parts of an overall limit for unknown places (False) and known places (True).

As attempts come close to an overall limit, attempts of busy callers (see BUSY_ABOVE) at unknown
places are refused first. Then all attempts from unknown places are refused, and then those of busy
callers at known places. Many strangers therefore cannot use up the limit for people at their known
places.
"""

# At most ten guesses a minute and a hundred an hour at one account, over all endpoints together
# (NIST SP 800-63B-4, 3.2.2: at most 100 consecutive failures). The lock ends within a minute after
# ten guesses, within an hour after a hundred, or with a password reset. An attacker cannot lock the
# owner out: failures from an address at which the owner has signed in before have a count of their
# own, with the same limits.
_PASSWORD = (Quota(10, MINUTE), Quota(100, HOUR))
_MAIL = (Quota(10, HOUR),)
_MAIL_EVERYWHERE = (Quota(100, HOUR),)
# Mails to addresses that a person of the agency types; anybody can sign up an agency.
_AGENCY_MAIL = (Quota(100, HOUR), Quota(300, DAY))
HOME = Quota(1, 30 * DAY)
"""Period for which the IP address of a successful sign-in is remembered."""

SIGN_IN = Throttle(
    "sign_in",
    account=_PASSWORD,
    address=(Quota(60, MINUTE),),
    overall=(Quota(600, MINUTE),),
    bucket="password",
    is_own_account=True,
    wait_max_s=2.0,
)
"""A password or a code of the second factor at sign-in."""
REAUTHENTICATE = Throttle(
    "reauthenticate",
    account=_PASSWORD,
    agency=(Quota(300, MINUTE),),
    address=(Quota(60, MINUTE),),
    overall=(Quota(600, MINUTE),),
    bucket="password",
    is_own_account=True,
)
"""A password or a code of a signed-in person.

It is needed to reauthenticate, to switch off two-factor authentication, and to change the e-mail
address or the password.
"""
RESET_MAIL = Throttle(
    "reset_mail",
    account=_MAIL,
    address=(Quota(30, MINUTE),),
    overall=(Quota(300, MINUTE),),
    is_own_account=True,
)
VERIFICATION_MAIL = Throttle(
    "verification_mail",
    account=_MAIL,
    agency=_AGENCY_MAIL,
    address=(Quota(30, MINUTE),),
    overall=(Quota(300, MINUTE),),
    is_own_account=True,
)
INVITE_MAIL = Throttle(
    "invite_mail",
    account=_MAIL,
    everywhere=_MAIL_EVERYWHERE,
    agency=_AGENCY_MAIL,
    address=(Quota(60, MINUTE),),
    overall=(Quota(300, MINUTE),),
)
"""An invitation mail, counted per invited e-mail address and per inviting agency."""
DOCUMENT_MAIL = Throttle(
    "document_mail",
    account=_MAIL,
    everywhere=_MAIL_EVERYWHERE,
    agency=(Quota(100, HOUR), Quota(1000, DAY)),
    overall=(Quota(300, MINUTE),),
)
"""An itinerary or an invoice by mail, counted per e-mail address of the recipient.

It is also counted per sending agency, because anybody can sign up and send mails.
"""
NOTICE_MAIL = Throttle("notice_mail", account=_MAIL, everywhere=_MAIL_EVERYWHERE)
"""A mail about an act, counted per kind of mail and e-mail address of the recipient.

The act happens also above the limit; only its mail is left out (`Limiter.count`).
"""
NOTICE_MAIL_TOTAL = Throttle(
    "notice_mail_total", account=(Quota(50, DAY),), everywhere=(Quota(200, DAY),)
)
"""A mail about an act, counted per e-mail address over all kinds of such mails."""
CREATE_KEY = Throttle("create_key", account=(Quota(30, HOUR),), agency=(Quota(300, HOUR),))
"""A new API key, counted per person who creates it."""
ONE_TIME_TOKEN = Throttle(
    "one_time_token", address=(Quota(30, MINUTE),), overall=(Quota(300, MINUTE),)
)
"""An attempt with a token from the link of a password reset or of an address confirmation."""
REFRESH = Throttle("refresh", address=(Quota(300, MINUTE),), overall=(Quota(6000, MINUTE),))
SIGN_UP = Throttle(
    "sign_up",
    account=(Quota(30, HOUR),),
    address=(Quota(30, MINUTE),),
    overall=(Quota(300, MINUTE),),
)
"""A new agency, counted per e-mail address: the response reveals whether it is taken."""
INVITE_LOOKUP = Throttle(
    "invite_lookup", address=(Quota(60, MINUTE),), overall=(Quota(600, MINUTE),)
)
ACCEPT_INVITE = Throttle(
    "accept_invite", address=(Quota(30, MINUTE),), overall=(Quota(300, MINUTE),)
)
CHANGE_ADDRESS = Throttle(
    "change_address",
    account=(Quota(30, HOUR),),
    agency=_AGENCY_MAIL,
    address=(Quota(60, MINUTE),),
    overall=(Quota(300, MINUTE),),
    is_own_account=True,
)
"""A new e-mail address for a person, counted per current address of the person.

The response reveals whether the new address is taken.
"""
API_KEY = Throttle("api_key", address=(Quota(60, MINUTE),), overall=(Quota(600, MINUTE),))
"""An invalid API key; valid keys are never counted."""
OPERATOR_TOKEN = Throttle(
    "operator_token", address=(Quota(10, MINUTE),), overall=(Quota(100, MINUTE),)
)
"""A wrong token of the operator; the right one is never counted, so nobody can lock it out."""

ALL = (
    SIGN_IN,
    REAUTHENTICATE,
    RESET_MAIL,
    VERIFICATION_MAIL,
    INVITE_MAIL,
    DOCUMENT_MAIL,
    NOTICE_MAIL,
    NOTICE_MAIL_TOTAL,
    CREATE_KEY,
    ONE_TIME_TOKEN,
    REFRESH,
    SIGN_UP,
    INVITE_LOOKUP,
    ACCEPT_INVITE,
    CHANGE_ADDRESS,
    API_KEY,
    OPERATOR_TOKEN,
)
