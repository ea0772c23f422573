"""JSON API of the caller's own account."""

from __future__ import annotations

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.identity.forms.request import device, identity
from voyagent.identity.queries import people
from voyagent.identity.rules.passwords import PasswordsBusy
from voyagent.identity.schemas.account import (
    ChangePasswordRequest,
    Queued,
    UpdateProfileRequest,
    UpdateProfileResponse,
)
from voyagent.identity.schemas.entry import PublicUser
from voyagent.identity.service import profile, verification
from voyagent.identity.service.errors import (
    EmailAlreadyRegistered,
    InvalidPassword,
    PasswordBlank,
    PasswordTooCommon,
    TotpRefused,
)
from voyagent.kernel.actor import Actor, Channel, NotFresh
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.errors import TooManyRequests
from voyagent.kernel.serializers import Body

account = ApiBlueprint("account", __name__, tag="Your account", guard=Guard.BEARER)


@account.get("/auth/me", answer=PublicUser)
def me(reader: RequestReader) -> Body[PublicUser]:
    """Return the user to whom the access token belongs."""
    return PublicUser.of(people.read_public_user(reader, reader.person_id))


@account.post(
    "/auth/send-verification-email",
    answer=Queued,
    permission="account.update",
    errors=(TooManyRequests,),
)
def send_verification_email(actor: Actor) -> Body[Queued]:
    """Mail a new link with which the caller confirms the e-mail address."""
    verification.send_verification_email(identity(), actor, address=device(Channel.API).ip)
    return Queued.of({"queued": True})


@account.patch(
    "/auth/profile",
    answer=UpdateProfileResponse,
    permission="account.update",
    errors=(NotFresh, TooManyRequests, EmailAlreadyRegistered),
)
def update_profile(actor: Actor, body: UpdateProfileRequest) -> Body[UpdateProfileResponse]:
    """Change the caller's own name or e-mail address.

    To change the address, the access token must be fresh: obtained with a password, not with a
    refresh token. The new address must then be confirmed, all other sessions end, and the old
    address receives a notification.
    """
    changed = profile.update_profile(
        identity(), actor, **body.model_dump(), device=device(Channel.API)
    )
    return UpdateProfileResponse.of(
        {
            "user": people.get_public_user(changed.user_id),
            "email_verification_required": changed.must_verify,
        }
    )


@account.post(
    "/auth/change-password",
    status=204,
    permission="account.update",
    errors=(
        PasswordBlank,
        PasswordTooCommon,
        TooManyRequests,
        InvalidPassword,
        TotpRefused,
        PasswordsBusy,
    ),
)
def change_password(actor: Actor, body: ChangePasswordRequest) -> None:
    """Change the caller's own password.

    The request needs the current password, and a two-factor code if two-factor authentication is
    on. All other sessions end.
    """
    profile.change_password(
        identity(),
        actor,
        current_password=body.current_password,
        new_password=body.new_password,
        code=body.totp_code,
        device=device(Channel.API),
    )
