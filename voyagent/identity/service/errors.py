"""The ways in which coming in may fail."""

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
    """Some agency has the address already; the API contract tells so, throttled."""

    code = "email_already_registered"
    message = N_("This address has an account already. Sign in, or use another address.")


class AddressTaken(EmailAlreadyRegistered):
    """The same for somebody who is signed in and wants the address."""

    message = N_("Another account has this address already. Use a different one.")


class PasswordTooCommon(StructuredInvalid):
    """A password that a guesser tries first: a common one, a run of keys, or the name of the
    product, the agency or the address.
    """

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
    keeps_work = True


class TotpRequired(Unauthorized):
    """The password is right and the second factor is on: the code is asked for next."""

    code = "totp_required"
    message = N_("Now the code from your authenticator app is needed.")
    keeps_work = True


class SignInExpired(Unauthorized):
    """The code came too late, or password, address or second factor changed while it was waited
    for.
    """

    code = "sign_in_expired"
    message = N_("The code was waited for too long. Please sign in again.")


class TotpNotEnabled(Invalid):
    """A code for an account whose second factor is off."""

    code = "totp_not_enabled"
    message = N_("Two-factor sign-in is not on for this account.")
    keeps_work = True


class TotpInvalid(Unauthorized):
    """A code that is wrong, too old, or was used; the attempt stays counted."""

    code = "totp_invalid"
    message = N_(
        "This code is not good. Codes change every 30 seconds and work once; write the one that is"
        " shown now."
    )
    keeps_work = True


class TotpRefused(Forbidden):
    """The same for somebody who is signed in already."""

    code = TotpInvalid.code
    message = TotpInvalid.message
    keeps_work = True


class InvalidPassword(Forbidden):
    """A wrong password of somebody who is signed in already; the attempt stays counted."""

    code = "invalid_password"
    message = N_("This is not your password.")
    keeps_work = True


class TotpNotInitialized(Invalid):
    """A code for a second factor whose setting-up was never begun."""

    code = "totp_not_initialized"
    message = N_("Begin with a new secret for your authenticator app.")


class TotpAlreadyEnabled(Conflict):
    """The second factor is on; another one takes the password and a code."""

    code = "totp_already_enabled"
    message = N_(
        "Two-factor sign-in is on already. To change the authenticator app, your password and a"
        " code are needed."
    )


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
    message = N_(
        "This address has an open invitation already. Revoke it first, or wait until it ends."
    )


class AlreadyInTeam(Conflict):
    """The address of somebody who is in the agency; only pages refuse it, since the API contract
    lets a program invite whoever has an account.
    """

    code = "already_in_team"
    message = N_("This person is in your team already.")


class InviteNotFound(NotFound):
    """No such invitation in the agency, or no such token anywhere."""

    code = "invite_not_found"
    message = N_("This invitation is not known here. Ask whoever invited you for a new link.")


class InviteNotPending(Invalid):
    """A token whose invitation was accepted or revoked."""

    code = "invite_not_pending"
    message = N_(
        "This invitation has been used or taken back. Ask whoever invited you for a new link."
    )


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


class ScopeBeyondRole(Forbidden):
    """A scope in which the maker's own role may do nothing."""

    code = "scope_beyond_role"
    message = N_(
        "A key cannot do more than its maker. Your role may do nothing in one of the areas that you"
        " chose."
    )


class SignInNotFound(NotFound):
    """No such sign-in of this person."""

    code = "auth_session_not_found"
    message = N_("We could not find that sign-in. It may have ended already.")


class LastAdministrator(Conflict):
    """An agency without an administrator could not be helped by anybody in it."""

    code = "last_administrator"
    message = N_(
        "This is the agency's only administrator. Make somebody else an administrator first."
    )


class AgencyNotFound(NotFound):
    """No such agency in this installation."""

    code = "agency_not_found"
    message = N_("There is no agency with this id.")


class TokenInvalid(Invalid):
    """A mailed token that is unknown, used, late, for something else, or for an address that is no
    longer its owner's.
    """

    code = "token_invalid"
    message = N_(
        "This link does not work any more. Links are good for a short time, and once; ask for a new"
        " one."
    )
