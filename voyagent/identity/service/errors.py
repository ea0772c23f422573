"""Errors that the services of identity raise."""

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
    """Another account has the e-mail address.

    The API contract requires this error, although it reveals that the address is registered.
    """

    code = "email_already_registered"
    message = N_("This address already has an account. Sign in, or use another address.")


class AddressTaken(EmailAlreadyRegistered):
    """Another account has the e-mail address that a signed-in user wants to change to."""

    message = N_("Another account already has this address. Use a different address.")


class PasswordTooCommon(StructuredInvalid):
    """The password is easy to guess: common, a keyboard run, or a name of the account."""

    code = "password_common"
    message = N_("This password is easy to guess. A few unrelated words work well.")

    def __init__(self) -> None:
        super().__init__({"error": "password_too_weak", "code": self.code})


class PasswordBlank(PasswordTooCommon):
    """The password consists of spaces.

    The schema accepts 20 or more spaces, because a password of this length needs no letter and no
    digit.
    """

    code = "password_blank"


class InvalidCredentials(Unauthorized):
    """The e-mail address is unknown or the password is wrong.

    The error does not say which of the two is the case.
    """

    code = "invalid_credentials"
    message = N_("Address or password is wrong.")
    keeps_work = True


class EmailNotVerified(Unauthorized):
    """The password is correct, but the e-mail address is not confirmed."""

    code = "email_not_verified"
    message = N_("Please confirm your address first: open the link that we sent you.")
    keeps_work = True


class AgencyNotVerified(Forbidden):
    """The agency is provisional (see `trust.py`), so the act is refused."""

    code = "agency_not_verified"
    message = N_(
        "Confirm your e-mail address first: open the link that we sent you. Until then the agency"
        " creates no API keys, sends no invitations and no mail to customers."
    )


class TotpRequired(Unauthorized):
    """The password is correct, but a two-factor code is required."""

    code = "totp_required"
    message = N_("Enter the code from your authenticator app.")
    keeps_work = True


class SignInExpired(Unauthorized):
    """The code was sent too late after the password, so the sign-in must start again.

    This error is also raised if the password or the e-mail address has changed meanwhile, or if
    two-factor was switched off.
    """

    code = "sign_in_expired"
    message = N_("The sign-in timed out. Sign in again.")


class TotpNotEnabled(Invalid):
    """A code was sent for an account without two-factor authentication."""

    code = "totp_not_enabled"
    message = N_("Two-factor sign-in is not on for this account.")
    keeps_work = True


class TotpInvalid(Unauthorized):
    """The code is wrong, expired or already used; the attempt is counted."""

    code = "totp_invalid"
    message = N_(
        "This code is not valid. Codes change every 30 seconds and work once. Enter the current"
        " code."
    )
    keeps_work = True


class TotpRefused(Forbidden):
    """A signed-in user sent a wrong code."""

    code = TotpInvalid.code
    message = TotpInvalid.message
    keeps_work = True


class InvalidPassword(Forbidden):
    """A signed-in user sent a wrong password; the attempt is counted."""

    code = "invalid_password"
    message = N_("The password is incorrect.")
    keeps_work = True


class TotpNotInitialized(Invalid):
    """A code was sent before the set-up of two-factor authentication was started."""

    code = "totp_not_initialized"
    message = N_("Start again with a new secret for your authenticator app.")


class TotpAlreadyEnabled(Conflict):
    """Two-factor authentication is on; replacing the secret needs password and code."""

    code = "totp_already_enabled"
    message = N_(
        "Two-factor sign-in is on already. To change the authenticator app, your password and a"
        " code are needed."
    )


class InvalidRefreshToken(Unauthorized):
    """The refresh token is unknown, already used, revoked or expired."""

    code = "invalid_refresh_token"
    keeps_work = True


class DemoNotThere(NotFound):
    """The installation has no demo agency, or runs in production."""

    code = "demo_not_found"
    message = N_("There is no demo agency here.")


class InviteAlreadyExists(Conflict):
    """The agency already has an open invitation for this e-mail address."""

    code = "invite_already_exists"
    message = N_(
        "This address already has an open invitation. Revoke it first, or wait until it expires."
    )


class AlreadyInTeam(Conflict):
    """The e-mail address belongs to a user of the agency.

    The HTML pages refuse to invite such a user. The API contract lets programs invite such a user.
    """

    code = "already_in_team"
    message = N_("This person is already in your team.")


class InviteNotFound(NotFound):
    """The agency has no such invitation, or the token is unknown."""

    code = "invite_not_found"
    message = N_(
        "This invitation link is not valid. Ask the person who invited you for a new link."
    )


class InviteNotPending(Invalid):
    """An invitation's link was opened after the invitation was accepted or revoked."""

    code = "invite_not_pending"
    message = N_(
        "This invitation was used or withdrawn. Ask the person who invited you for a new link."
    )


class InviteNoLongerPending(Conflict):
    """The invitation to revoke was already accepted or revoked, or has expired."""

    code = "invite_not_pending"
    message = N_("This invitation is no longer open.")


class InviteExpired(Invalid):
    """The invitation has expired; it was valid for seven days."""

    code = "invite_expired"
    message = N_("This invitation has expired. Ask the person who invited you for a new link.")


class InvalidStatus(Invalid):
    """The status to filter by is not one of the four states of an invitation."""

    code = "invalid_status"
    message = N_("An invitation is pending, accepted, revoked or expired.")


class ScopeBeyondRole(Forbidden):
    """The user's own role allows nothing within this scope."""

    code = "scope_beyond_role"
    message = N_(
        "A key can’t have more permissions than you. Your role has no permission in one of the"
        " chosen areas."
    )


class TooManyKeys(Conflict):
    """The user has as many working API keys as one user may have."""

    code = "too_many_api_keys"
    message = N_(
        "You already have 20 API keys that work, and nobody can have more. Revoke one that is no"
        " longer used, then create the new key."
    )


class SignInNotFound(NotFound):
    """The user has no such session."""

    code = "auth_session_not_found"
    message = N_("This session was not found. It may have ended already.")


class CredentialKindNotFound(NotFound):
    """The kind is unknown, or no single request ends all credentials of this kind."""

    code = "credential_kind_not_found"
    message = N_("This kind of access cannot be ended here.")


class PasswordMissing(Invalid):
    """The confirmation of an e-mail address needs the password, and none was entered."""

    code = "password_missing"
    message = N_("Enter your password.")


class LastAdministrator(Conflict):
    """Without this user the agency would have no administrator."""

    code = "last_administrator"
    message = N_("This is the only administrator. Make another user an administrator first.")


class AgencyNotFound(NotFound):
    """The installation has no such agency."""

    code = "agency_not_found"
    message = N_("No agency has this ID.")


class TokenInvalid(Invalid):
    """The token of a mail is invalid.

    The token is unknown, used, expired or for another purpose, or the user's e-mail address has
    changed since the mail was sent.
    """

    code = "token_invalid"
    message = N_("This link has expired or was already used. Request a new one.")
