"""Reading which files were taken."""

from __future__ import annotations

from sqlalchemy import select

from voyagent.imports.models import Import
from voyagent.kernel.db import db


def find_import(kind: str, digest: str) -> Import | None:
    """The import that took a file, by the kind and the digest of its text."""
    return db.session.scalar(select(Import).where(Import.kind == kind, Import.digest == digest))
