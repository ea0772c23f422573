"""Rate limits for attempts, such as sign-ins.

The limits are per account, per agency, per IP address of the client and in total.

    with identity.limiter.admit(limits.SIGN_IN, account=email, address=device.ip) as attempt:
        good = identity.passwords.verify(stored, password)
        if good:
            attempt.succeeded()

Each attempt is counted before the credential is checked. An attempt that one limit refuses is
counted for no limit. A success removes the attempt from the count of its account.
"""

from voyagent.kernel.limits.callers import Caller, note_caller, present_caller
from voyagent.kernel.limits.limiter import Attempt, Counted, Limiter
from voyagent.kernel.limits.places import Places
from voyagent.kernel.limits.throttles import (
    ACCEPT_INVITE,
    ALL,
    API_KEY,
    CHANGE_ADDRESS,
    CREATE_KEY,
    DOCUMENT_MAIL,
    INVITE_LOOKUP,
    INVITE_MAIL,
    NOTICE_MAIL,
    NOTICE_MAIL_TOTAL,
    ONE_TIME_TOKEN,
    OPERATOR_TOKEN,
    REAUTHENTICATE,
    REFRESH,
    RESET_MAIL,
    SIGN_IN,
    SIGN_UP,
    VERIFICATION_MAIL,
    Quota,
    Throttle,
)

__all__ = [
    "ACCEPT_INVITE",
    "ALL",
    "API_KEY",
    "CHANGE_ADDRESS",
    "CREATE_KEY",
    "DOCUMENT_MAIL",
    "INVITE_LOOKUP",
    "INVITE_MAIL",
    "NOTICE_MAIL",
    "NOTICE_MAIL_TOTAL",
    "ONE_TIME_TOKEN",
    "OPERATOR_TOKEN",
    "REAUTHENTICATE",
    "REFRESH",
    "RESET_MAIL",
    "SIGN_IN",
    "SIGN_UP",
    "VERIFICATION_MAIL",
    "Attempt",
    "Caller",
    "Counted",
    "Limiter",
    "Places",
    "Quota",
    "Throttle",
    "note_caller",
    "present_caller",
]
