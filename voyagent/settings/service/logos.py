"""Services of an agency's logo: an administrator sets, replaces or removes it."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import asdict

from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.settings import queries
from voyagent.settings.models import TenantLogo
from voyagent.settings.rules import Picture, PictureUnreadable, remade

_DIGITS_SHOWN = 12


def put(actor: Actor, raw: bytes) -> Row:
    """Store a PNG or JPEG image as the logo, redrawn, and return the logo's row.

    Raises Forbidden, PictureTooLarge, PictureUnreadable.
    """
    actor.require("settings.update")
    picture = remade(raw)
    # parallel requests must not insert two logos
    queries.get_settings(lock=True)
    logo = queries.get_logo()
    before = _logo_text(logo) if logo else None
    if logo is None:
        db.session.add(TenantLogo(**asdict(picture)))
    else:
        for name, value in asdict(picture).items():
            setattr(logo, name, value)
    _record(actor, before, _logo_text(picture))
    return asdict(picture)


def remove(actor: Actor) -> None:
    """Remove the logo; do nothing if there is none. Raises Forbidden."""
    actor.require("settings.update")
    queries.get_settings(lock=True)
    logo = queries.get_logo()
    if logo is not None:
        db.session.delete(logo)
        _record(actor, _logo_text(logo), None)


def decoded(text: str) -> bytes:
    """Decode Base64 (RFC 4648, section 4). Raises PictureUnreadable."""
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PictureUnreadable from None


def _record(actor: Actor, before: str | None, after: str | None) -> None:
    db.session.flush()
    if before != after:
        changed = [{"field": queries.LOGO, "before": before, "after": after}]
        audit.record(
            actor,
            queries.CHANGED,
            entity_refs={"settings_id": actor.tenant_id},
            inputs={"fields": changed},
        )


def _logo_text(logo: TenantLogo | Picture) -> str:
    """Describe a logo for the history: media type, size, and the start of its digest."""
    return (
        f"{logo.media_type.removeprefix('image/').upper()} {logo.width} × {logo.height},"
        f" {logo.digest[:_DIGITS_SHOWN]}"
    )
