"""Errors of identity."""

from __future__ import annotations

from voyagent.kernel.errors import (
    N_,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    StructuredInvalid,
    Unauthorized,
)


class EmailAlreadyRegistered(Conflict):
    """Another account has the address; told as the API contract says, throttled."""

    code = "email_already_registered"
    message = N_("This address has an account already. Sign in, or use another address.")


class AddressTaken(EmailAlreadyRegistered):
    """Another account has the address that a signed-in person wants."""

    message = N_("Another account has this address already. Use a different one.")


class PasswordTooCommon(StructuredInvalid):
    """A password that is guessed first: common, a keyboard run, or a name of the account."""

    code = "password_common"
    message = N_("This password is easily guessed. A few unrelated words work well.")

    def __init__(self) -> None:
        super().__init__({"error": "password_too_weak", "code": self.code})


class PasswordBlank(PasswordTooCommon):
    """A password of spaces only; long enough to need no letter and no digit."""

    code = "password_blank"


class InvalidCredentials(Unauthorized):
    """Unknown address or wrong password; the caller is not told which."""

    code = "invalid_credentials"
    message = N_("Address or password is wrong.")
    keeps_work = True


class EmailNotVerified(Unauthorized):
    """The password is correct and the address is not confirmed."""

    code = "email_not_verified"
    message = N_("Please confirm your address first: open the link that we sent you.")
    keeps_work = True


class TotpRequired(Unauthorized):
    """The password is correct and a code is needed."""

    code = "totp_required"
    message = N_("Now the code from your authenticator app is needed.")
    keeps_work = True


class SignInExpired(Unauthorized):
    """The code came too late, or password, address or second factor changed meanwhile."""

    code = "sign_in_expired"
    message = N_("The code was waited for too long. Please sign in again.")


class TotpNotEnabled(Invalid):
    """A code for an account without two-factor."""

    code = "totp_not_enabled"
    message = N_("Two-factor sign-in is not on for this account.")
    keeps_work = True


class TotpInvalid(Unauthorized):
    """A code that is wrong, expired or used; the attempt is counted."""

    code = "totp_invalid"
    message = N_(
        "This code is not good. Codes change every 30 seconds and work once; write the one that is"
        " shown now."
    )
    keeps_work = True


class TotpRefused(Forbidden):
    """A wrong code of a signed-in person."""

    code = TotpInvalid.code
    message = TotpInvalid.message
    keeps_work = True


class InvalidPassword(Forbidden):
    """A wrong password of a signed-in person; the attempt is counted."""

    code = "invalid_password"
    message = N_("This is not your password.")
    keeps_work = True


class TotpNotInitialized(Invalid):
    """A code without a started set-up."""

    code = "totp_not_initialized"
    message = N_("Begin with a new secret for your authenticator app.")


class TotpAlreadyEnabled(Conflict):
    """Two-factor is on; replacing it needs password and code."""

    code = "totp_already_enabled"
    message = N_(
        "Two-factor sign-in is on already. To change the authenticator app, your password and a"
        " code are needed."
    )


class InvalidRefreshToken(Unauthorized):
    """The refresh token is unknown, spent, revoked or expired."""

    code = "invalid_refresh_token"
    keeps_work = True


class DemoNotThere(NotFound):
    """The installation has no demo agency, or it is in production."""

    code = "demo_not_found"
    message = N_("There is no demo agency here.")


class InviteAlreadyExists(Conflict):
    """The address has an open invitation of this agency."""

    code = "invite_already_exists"
    message = N_(
        "This address has an open invitation already. Revoke it first, or wait until it ends."
    )


class AlreadyInTeam(Conflict):
    """The address belongs to a person of the agency.

    Only pages refuse it; the API contract allows it for programs.
    """

    code = "already_in_team"
    message = N_("This person is in your team already.")


class InviteNotFound(NotFound):
    """The agency has no such invitation, or the token is unknown."""

    code = "invite_not_found"
    message = N_("This invitation is not known here. Ask whoever invited you for a new link.")


class InviteNotPending(Invalid):
    """The invitation was accepted or revoked."""

    code = "invite_not_pending"
    message = N_(
        "This invitation has been used or taken back. Ask whoever invited you for a new link."
    )


class InviteNoLongerPending(Conflict):
    """An invitation that is not open cannot be revoked."""

    code = "invite_not_pending"
    message = N_("This invitation is not open any more.")


class InviteExpired(Invalid):
    """The invitation has expired after seven days."""

    code = "invite_expired"
    message = N_("This invitation has ended. Ask whoever invited you for a new link.")


class InvalidStatus(Invalid):
    """The filter is none of the four states of an invitation."""

    code = "invalid_status"
    message = N_("An invitation is pending, accepted, revoked or expired.")


class ScopeBeyondRole(Forbidden):
    """The maker's own role can do nothing within this scope."""

    code = "scope_beyond_role"
    message = N_(
        "A key cannot do more than its maker. Your role may do nothing in one of the areas that you"
        " chose."
    )


class SignInNotFound(NotFound):
    """The person has no such session."""

    code = "auth_session_not_found"
    message = N_("We could not find that sign-in. It may have ended already.")


class LastAdministrator(Conflict):
    """The agency would be left without an administrator."""

    code = "last_administrator"
    message = N_(
        "This is the agency's only administrator. Make somebody else an administrator first."
    )


class AgencyNotFound(NotFound):
    """The installation has no such agency."""

    code = "agency_not_found"
    message = N_("There is no agency with this id.")


class TokenInvalid(Invalid):
    """The mailed token is invalid.

    It is unknown, used or expired, has another purpose, or its address has changed.
    """

    code = "token_invalid"
    message = N_(
        "This link does not work any more. Links are good for a short time, and once; ask for a new"
        " one."
    )
