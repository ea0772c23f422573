"""JSON API of the reports."""

from voyagent.reports.api import books, files, large_files, lines, margins, statements
from voyagent.reports.api.blueprint import api

__all__ = ["api", "books", "files", "large_files", "lines", "margins", "statements"]
