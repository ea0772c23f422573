"""Queries of imported files."""

from __future__ import annotations

from sqlalchemy import select

from voyagent.imports.models import Import
from voyagent.kernel.db import db


def find_import(kind: str, digest: str) -> Import | None:
    """Return the import of a file by the file's kind and SHA-256 digest, or None."""
    return db.session.scalar(select(Import).where(Import.kind == kind, Import.digest == digest))
