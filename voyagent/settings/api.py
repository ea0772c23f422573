"""JSON API of the settings."""

from __future__ import annotations

from flask import request

from voyagent.http.api import ApiBlueprint, Headed
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor, NotFresh
from voyagent.kernel.database.read_pool import RequestReader, Row
from voyagent.kernel.serializers import Body
from voyagent.settings import queries
from voyagent.settings.rules import PictureTooLarge, PictureUnreadable
from voyagent.settings.schemas import (
    LogoRequest,
    LogoResponse,
    TenantSettingsPatchRequest,
    TenantSettingsResponse,
)
from voyagent.settings.service import (
    logos,
    tenant_settings,
)

api = ApiBlueprint("settings", __name__, tag="Settings", guard=Guard.BEARER)


@api.get("/tenant-settings", answer=TenantSettingsResponse, permission="settings.read")
def get_tenant_settings(reader: RequestReader) -> Headed[TenantSettingsResponse]:
    """Read the agency's settings.

    The `ETag` is the version of the settings. Send this version as `If-Match` when you change the
    settings. The change then fails if somebody else has changed them in the meantime.
    """
    return _answer(queries.read(reader) or tenant_settings.make(reader.authenticate()))


@api.patch(
    "/tenant-settings",
    answer=TenantSettingsResponse,
    permission="settings.update",
    errors=(
        NotFresh,
        tenant_settings.UnknownZone,
        tenant_settings.UnbookableCurrency,
        tenant_settings.BaseCurrencyFixed,
        tenant_settings.SettingsChangedSince,
    ),
    headers=(
        (
            "If-Match",
            "`ETag` of the version that the caller read; 412 if the settings have changed since.",
        ),
    ),
)
def patch_tenant_settings(
    actor: Actor, body: TenantSettingsPatchRequest
) -> Headed[TenantSettingsResponse]:
    """Change the agency's settings.

    A member that is absent stays unchanged. Null clears a setting that may be empty. A change
    applies from the next request. To change the four-eyes rule, approval limits, recipients of the
    signed audit log head, bank details or the tax number, send a fresh access token or an API key
    with the scope `settings`. A fresh token was obtained with a password, not with a refresh token.
    """
    return _answer(queries.row_of(tenant_settings.update(actor, body.changes(), seen=_seen())))


@api.get(
    "/tenant-settings/logo",
    answer=LogoResponse,
    permission="settings.read",
    errors=(queries.LogoNotFound,),
)
def get_tenant_logo(reader: RequestReader) -> Body[LogoResponse]:
    """Read the logo that appears on the agency's documents."""
    return LogoResponse.of(queries.read_logo(reader))


@api.operation(
    "PUT",
    "/tenant-settings/logo",
    answer=LogoResponse,
    permission="settings.update",
    errors=(PictureTooLarge, PictureUnreadable),
)
def put_tenant_logo(actor: Actor, body: LogoRequest) -> Body[LogoResponse]:
    """Set the logo that appears on the agency's documents from now on.

    The image may have at most 2,000 pixels on each side. The program redraws the image within 800
    by 400 pixels, without metadata. The response has the redrawn image.
    """
    return LogoResponse.of(logos.put(actor, logos.decoded(body.content)))


@api.delete("/tenant-settings/logo", status=204, permission="settings.update")
def delete_tenant_logo(actor: Actor) -> None:
    """Remove the logo from the agency's future documents; do nothing if there is none."""
    logos.remove(actor)


def _answer(row: Row) -> Headed[TenantSettingsResponse]:
    """Return the settings with their `ETag`."""
    return Headed(TenantSettingsResponse.of(row), {"ETag": f'"{queries.mark_of(row)}"'})


def _seen() -> str | None:
    """Return the version in the header `If-Match`.

    The result is None if the header is absent or `*`; then the version is not checked.
    """
    given = request.headers.get("If-Match", "*").strip()
    return None if given == "*" else given.strip('"')
