"""Templates compile, have no inline script or style, and are translatable."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel
from jinja2 import meta, nodes

from voyagent.http import template_filters

TEMPLATES = Path(__file__).parents[2] / "templates"
CODE = TEMPLATES.parent / "voyagent"
LINE_MAX = 100
FLASK_GIVES = {"config", "csrf_token", "current_user", "g", "page", "request", "session"}
ALL = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
FRAGMENTS = [name for name in ALL if Path(name).name.startswith("_")]
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
# Shown as they are in every language: our name, key caps, codes of the wire.
UNTRANSLATED = {"Voyagent", "Authorization", "Bearer", "Idempotency", "Key"}


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("templates", template_folder=str(TEMPLATES))
    Babel(app)
    template_filters.install(app)
    return app


def source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def without_comments(text: str) -> str:
    return re.sub(
        r"\{#.*?#\}", lambda found: "\n" * found.group().count("\n"), text, flags=re.DOTALL
    )


def as_html(name: str) -> str:
    """Return a template's markup without statements, with `x` for expressions."""
    text = (
        re.sub(r"\{% macro .*?endmacro %\}", "", without_comments(source(name)), flags=re.DOTALL)
        if name in FRAGMENTS
        else without_comments(source(name))
    )
    text = re.sub(r"\{%.*?%\}", "", text, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}", "x", text, flags=re.DOTALL)


class Roots(HTMLParser):
    """Collects the tags and ids of the outermost elements, and every attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.depth = 0
        self.roots: list[tuple[str, str | None]] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.scripts_with_text = 0
        self.styles = 0
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth == 0:
            self.roots.append((tag, dict(attrs).get("id")))
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.styles += tag == "style"
        self._in_script = tag == "script"
        self.depth += tag not in VOID

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth == 0:
            self.roots.append((tag, dict(attrs).get("id")))
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False
        self.depth -= tag not in VOID

    def handle_data(self, data: str) -> None:
        self.scripts_with_text += self._in_script and bool(data.strip())


def test_lines_have_at_most_100_characters() -> None:
    """A sentence that is translated cannot be broken, so it is not counted."""
    root = TEMPLATES.parent
    files = [
        *TEMPLATES.rglob("*.*"),
        *(root / "static" / "css").glob("*"),
        *(root / "static" / "js").glob("*"),
        *CODE.rglob("*.sql"),
    ]
    assert files
    wide = [
        f"{path.relative_to(root)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LINE_MAX and len(re.sub(r'_\("[^"]*"', "_(", line)) > LINE_MAX
    ]
    assert not wide


def test_every_template_compiles_with_the_registered_filters(app: Flask) -> None:
    for name in ALL:
        app.jinja_env.compile(source(name), name)


def test_every_template_named_in_the_code_exists(app: Flask) -> None:
    for name in ALL:
        naming = app.jinja_env.parse(source(name)).find_all(
            (nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import)
        )
        constants = [constant.value for node in naming for constant in _constants(node.template)]
        missing = [
            value
            for value in constants
            if isinstance(value, str) and value.endswith(".html") and value not in ALL
        ]
        assert not missing, name


def test_every_name_in_a_template_is_set_in_a_template_or_passed_by_the_code(app: Flask) -> None:
    trees = {name: app.jinja_env.parse(source(name)) for name in ALL}
    set_here = {found for tree in trees.values() for found in _assigned(tree)}
    code = "\n".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py"))
    passed = set(re.findall(r"(?<=[(, ])(\w+)=(?!=)", code)) | set(
        re.findall(r'"(\w+)"(?=[\]:])', code)
    )
    unknown = [
        (name, variable)
        for name, tree in trees.items()
        for variable in sorted(meta.find_undeclared_variables(tree))
        if variable not in app.jinja_env.globals
        and variable not in set_here
        and variable not in FLASK_GIVES
        and variable not in passed
    ]
    assert not unknown


def _assigned(tree: nodes.Template) -> set[str]:
    """Return the names that a template sets, imports, or takes as a macro's parameter."""
    names = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")} | {
        macro.name for macro in tree.find_all(nodes.Macro)
    }
    for imported in tree.find_all(nodes.FromImport):
        names |= {name[1] if isinstance(name, tuple) else name for name in imported.names}
    return names


def _constants(named: nodes.Expr) -> list[nodes.Const]:
    return [named] if isinstance(named, nodes.Const) else list(named.find_all(nodes.Const))


def test_no_template_has_inline_script_style_or_handlers() -> None:
    for name in ALL:
        seen = Roots(as_html(name))
        assert not seen.styles, f"{name}: a <style> element is refused by the CSP"
        assert not seen.scripts_with_text, f"{name}: scripts live in static/js"
        refused = [
            (tag, attribute)
            for tag, attribute, value in seen.attributes
            if attribute == "style"
            or attribute.startswith(("on", "hx-on"))
            or (value or "").startswith("javascript:")
        ]
        assert not refused, name


def test_no_template_switches_escaping_off() -> None:
    for name in ALL:
        text = without_comments(source(name))
        assert not re.search(r"\|\s*safe\b", text), name
        assert "autoescape" not in text, name


def test_no_template_names_another_host() -> None:
    for name in ALL:
        assert not re.search(
            r"""(?:src|href|action)=["'](?:https?:)?//""", without_comments(source(name))
        ), name


def test_a_fragment_has_one_root_element_with_an_id() -> None:
    for name in FRAGMENTS:
        roots = Roots(as_html(name)).roots
        assert roots, f"{name} has no element"
        assert all(root_id for _, root_id in roots), f"{name}: a root without an id: {roots}"
        # The branches of one {% if %} may each have a root, as long as they are the same element to
        # htmx.
        assert len({root_id for _, root_id in roots}) == 1, f"{name}: more than one root: {roots}"


def test_a_fragment_works_alone(app: Flask) -> None:
    for name in FRAGMENTS:
        assert not list(app.jinja_env.parse(source(name)).find_all(nodes.Extends)), name


def test_texts_come_from_the_translation_catalogue() -> None:
    for name in ALL:
        # Private macros and *_class blocks write attributes, not words.
        text = re.sub(
            r"\{% macro _.*?endmacro %\}|\{% block \w+_class %\}.*?endblock %\}",
            "",
            without_comments(source(name)),
            flags=re.DOTALL,
        )
        text = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "", text, flags=re.DOTALL)
        text = re.sub(r"<(svg|pre|code|kbd)\b.*?</\1>", "", text, flags=re.DOTALL)
        spoken = re.findall(
            r"""(?:aria-label|placeholder|title|alt)=["']([^"'{]*[A-Za-z]{2}[^"'{]*)["']""", text
        )
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "\0", text, flags=re.DOTALL)
        spoken += re.findall(r"[A-Za-z][A-Za-z']+", re.sub(r"<[^>]*>", "\0", text))
        loose = [
            word
            for word in spoken
            if word not in UNTRANSLATED
            and not re.fullmatch(r"(?:nbsp|amp|lt|gt|middot|ndash|hellip)", word)
        ]
        assert not loose, f"{name}: not wrapped in _(): {loose[:6]}"
