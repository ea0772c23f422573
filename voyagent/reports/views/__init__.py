"""HTML pages of the reports, and the home page."""

from voyagent.reports.views import books, large_files, lines, margins, statements
from voyagent.reports.views.blueprint import pages
from voyagent.reports.views.books import home

__all__ = ["books", "home", "large_files", "lines", "margins", "pages", "statements"]
