"""The books in the formats of other programs: a file of all that was posted, written a few entries at a time from one snapshot."""

from voyagent.reports.exports.files import FORMATS, write

__all__ = ["FORMATS", "write"]
