"""Responses without insignificant white space, for tests that compare markup."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_CONTAINERS = (
    "ul|ol|dl|table|thead|tbody|tfoot|tr|select|form|section|fieldset|nav|main|head|body|html"
)
_BLOCKS = (
    f"{_CONTAINERS}|div|p|li|dt|dd|th|td|caption|header|footer|legend|h[1-6]|details|summary"
    "|option|template|article|aside|title"
)
_ATTRIBUTES = r"""(?:"[^"]*"|'[^']*'|[^"'<>])*"""
_TAG = re.compile(rf"<[a-zA-Z]{_ATTRIBUTES}>")
_LOOSE = re.compile(r"[^\S ]|\s[\s/>]")  # most tags have no white space to remove
_IN_TAG = re.compile(r"""("[^"]*"|'[^']*')|\s+(/?>)?""")
_AFTER = re.compile(rf"(</(?:{_BLOCKS})>|<(?:{_CONTAINERS})\b{_ATTRIBUTES}>)\s+")
_BEFORE = re.compile(rf"(?<!\s)\s++(?=</(?:{_CONTAINERS})>|<(?:{_BLOCKS})\b)")


@lru_cache(maxsize=8)
def compact(markup: str) -> str:
    """Return HTML without the white space inside tags and next to block elements."""
    markup = _TAG.sub(
        lambda tag: _IN_TAG.sub(_kept, tag[0]) if _LOOSE.search(tag[0]) else tag[0], markup
    )
    return _BEFORE.sub("", _AFTER.sub(r"\1", markup))


def _kept(found: re.Match[str]) -> str:
    return found[1] or found[2] or " "


class CompactResponse(TestResponse):
    """A response to a test client."""

    @property
    def text(self) -> str:
        """The body as a text; HTML is compact."""
        body = self.get_data(as_text=True)
        return compact(body) if self.mimetype == "text/html" else body


class CompactClient(FlaskClient):
    """A test client whose responses have a compact text."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.response_wrapper = type("Response", (CompactResponse, self.response_wrapper), {})
