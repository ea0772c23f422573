"""The ways in which coming in may fail."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, Invalid, NotFound, StructuredInvalid, Unauthorized


class EmailAlreadyRegistered(Conflict):
    """Some agency has the address already; the API contract tells so, throttled."""

    code = "email_already_registered"
    message = N_("This address has an account already. Sign in, or use another address.")


class PasswordTooCommon(StructuredInvalid):
    """A password that a guesser tries first: a common one, a run of keys, or the name of the product, the agency or the address."""

    code = "password_common"
    message = N_("This password is easily guessed. A few unrelated words work well.")

    def __init__(self) -> None:
        super().__init__({"error": "password_too_weak", "code": self.code})


class PasswordBlank(PasswordTooCommon):
    """A password of nothing but spaces, which is long enough to need no letter and no digit."""

    code = "password_blank"


class InvalidCredentials(Unauthorized):
    """Unknown address or wrong password, which are the same to the caller."""

    code = "invalid_credentials"
    message = N_("Address or password is wrong.")
    keeps_work = True


class EmailNotVerified(Unauthorized):
    """The password is right and the address has not been confirmed."""

    code = "email_not_verified"
    message = N_("Please confirm your address first: open the link that we sent you.")


class InvalidRefreshToken(Unauthorized):
    """Unknown, spent, revoked or expired; what a reuse ends stays ended."""

    code = "invalid_refresh_token"
    keeps_work = True


class DemoNotThere(NotFound):
    """An installation without a demo agency, or one in production, which never offers it."""

    code = "demo_not_found"
    message = N_("There is no demo agency here.")


class InviteAlreadyExists(Conflict):
    """The address has an invitation of this agency that is still open."""

    code = "invite_already_exists"
    message = N_("This address has an open invitation already. Revoke it first, or wait until it ends.")


class InviteNotFound(NotFound):
    """No such invitation in the agency, or no such token anywhere."""

    code = "invite_not_found"
    message = N_("This invitation is not known here. Ask whoever invited you for a new link.")


class InviteNotPending(Invalid):
    """A token whose invitation was accepted or revoked."""

    code = "invite_not_pending"
    message = N_("This invitation has been used or taken back. Ask whoever invited you for a new link.")


class InviteNoLongerPending(Conflict):
    """An invitation that cannot be revoked because it is not open any more."""

    code = "invite_not_pending"
    message = N_("This invitation is not open any more.")


class InviteExpired(Invalid):
    """A token that came after its seven days."""

    code = "invite_expired"
    message = N_("This invitation has ended. Ask whoever invited you for a new link.")


class InvalidStatus(Invalid):
    """A filter that is none of the four states of an invitation."""

    code = "invalid_status"
    message = N_("An invitation is pending, accepted, revoked or expired.")
