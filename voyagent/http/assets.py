"""URLs of static files, which contain a digest of the file's contents."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import current_app, url_for
from werkzeug.security import safe_join

_marks: dict[Path, tuple[int, str]] = {}


def asset(filename: str) -> str:
    """Return the URL of a static file with a digest of its contents, for long caching."""
    return url_for("static", filename=filename, v=mark_of(filename))


def mark_of(filename: str) -> str | None:
    """Return the digest of a static file, or None if there is no such file."""
    place = safe_join(current_app.static_folder or "", filename)
    if place is None:
        return None
    path = Path(place)
    try:
        changed_ns = path.stat().st_mtime_ns
        known = _marks.get(path)
        if known is None or known[0] != changed_ns:
            mark = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
            known = _marks[path] = (changed_ns, mark)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return known[1]
