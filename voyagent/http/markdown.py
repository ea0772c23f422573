"""Markdown of the assistant's answers as safe HTML.

An answer may contain text of customers and suppliers, directly or repeated by a language model.
Therefore raw HTML is shown as text, images are never loaded, and only URLs of this program become
links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = {
    "a",
    "blockquote",
    "br",
    "code",
    "em",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
REL = "noopener nofollow noreferrer"
HEADING = "v-strong"  # headings of an answer must not be headings of the page
SIDES = {
    "text-align:center": "text-center",
    "text-align:right": "text-end",
}  # the content security policy forbids inline styles
CLASSES = {"p": {HEADING}, "th": set(SIDES.values()), "td": set(SIDES.values())}
SCROLLS = {
    tag: {"tabindex": "0"} for tag in ("pre", "table")
}  # wide elements can be scrolled with the keyboard


@lru_cache(maxsize=512)
def as_html(text: str) -> Markup:
    """Return markdown as HTML that is safe to show on a page."""
    tokens = _READER.parse(text.strip())
    for token in tokens:
        if token.children:
            token.children = list(_with_own_links(token.children))
        if token.type in ("heading_open", "heading_close"):
            _as_paragraph(token)
        elif token.type in ("th_open", "td_open") and token.attrGet("style") in SIDES:
            token.attrSet("class", SIDES[str(token.attrGet("style"))])
    html = _READER.renderer.render(tokens, _READER.options, {})
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        allowed_classes=CLASSES,
        set_tag_attribute_values=SCROLLS,
        url_schemes=set(),
        link_rel=REL,
    )
    return Markup(cleaned)  # noqa: S704 - nh3 has cleaned it


def _with_own_links(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens of a paragraph, but no links to other sites.

    The text of such a link stays, and its URL is shown as text.
    """
    foreign = ""
    since: list[str] = []
    for token in tokens:
        if token.type == "link_open" and not _OWN_PATH.match(str(token.attrGet("href"))):
            foreign, since = str(token.attrGet("href")), []
        elif token.type == "link_close" and foreign:
            if "".join(since) != foreign.removeprefix("mailto:"):
                yield Token("text", "", 0, content=f" ({foreign})")
            foreign = ""
        else:
            since.append(token.content)
            yield token


def _as_paragraph(token: Token) -> None:
    token.tag = "p"
    if token.nesting == 1:
        token.attrSet("class", HEADING)


_OWN_PATH = re.compile(r"/(?![/\\])")
_READER = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable(["table", "strikethrough"])
    .disable(["image", "html_block", "html_inline"])
)
