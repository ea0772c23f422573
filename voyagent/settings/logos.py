"""The rules of an agency's logo: an administrator puts it on the agency's documents, puts another
in its place, or takes it off.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import asdict

from voyagent.audit import service as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.settings import queries
from voyagent.settings.models import TenantLogo
from voyagent.settings.pictures import Picture, PictureUnreadable, remade

_DIGITS_SHOWN = 12


def put(actor: Actor, raw: bytes) -> Row:
    """Have a PNG or JPEG stand on the agency's documents from the next one on; the picture as it is
    kept. The same once more changes nothing.

    The settings are locked, so that of two at once neither meets a row that the other has just
    made. Raises Forbidden, PictureTooLarge, PictureUnreadable.
    """
    actor.require("settings.update")
    picture = remade(raw)
    queries.get_settings(lock=True)
    logo = queries.get_logo()
    before = _said(logo) if logo else None
    if logo is None:
        db.session.add(TenantLogo(**asdict(picture)))
    else:
        for name, value in asdict(picture).items():
            setattr(logo, name, value)
    _record(actor, before, _said(picture))
    return asdict(picture)


def remove(actor: Actor) -> None:
    """Take the logo off the agency's documents; those that were sent keep it.

    Where there is none, nothing happens. Raises Forbidden.
    """
    actor.require("settings.update")
    queries.get_settings(lock=True)
    logo = queries.get_logo()
    if logo is not None:
        db.session.delete(logo)
        _record(actor, _said(logo), None)


def decoded(text: str) -> bytes:
    """The bytes that a text of Base64 stands for (RFC 4648, section 4).

    Raises PictureUnreadable.
    """
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


def _said(logo: TenantLogo | Picture) -> str:
    """A picture as the history tells it: its kind, its size, and how its digest begins."""
    return (
        f"{logo.media_type.removeprefix('image/').upper()} {logo.width} × {logo.height},"
        f" {logo.digest[:_DIGITS_SHOWN]}"
    )
