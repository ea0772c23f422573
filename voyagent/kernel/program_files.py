"""Folders of the program's own files."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of the Python package `voyagent`."""

FILES = PACKAGE if (PACKAGE / "migrations").is_dir() else PACKAGE.parent
"""The folder of gunicorn.conf.py, migrations, static files, templates and translations.

A wheel has them in the package, and a checkout next to it.
"""
