"""The JSON door of the reports."""

from voyagent.reports.api import books, lines, statements
from voyagent.reports.api.blueprint import api

__all__ = ["api", "books", "lines", "statements"]
