"""The diagram of the packages is current."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tools import architecture

SVG = "{http://www.w3.org/2000/svg}"
CONFIG = """
[importlinter:contract:packages]
layers =
    factory
    routes | (cli)
    kernel
"""


def test_the_picture_is_current() -> None:
    current = architecture.PICTURE.read_text() == architecture.picture()
    assert current, "run .venv/bin/python -m tools.architecture"


def test_layers_are_read_with_siblings_on_one_row() -> None:
    assert architecture.layers(CONFIG) == [["factory"], ["routes", "cli"], ["kernel"]]


def test_the_picture_has_a_box_per_package_and_an_arrow_per_import() -> None:
    edges = {("factory", "cli"), ("factory", "kernel"), ("cli", "kernel")}
    picture = ET.fromstring(architecture.draw(architecture.layers(CONFIG), edges))  # noqa: S314 - our own
    boxes = [text.text for text in picture.iter(f"{SVG}text")]
    titles = [title.text for title in picture.iter(f"{SVG}title")][1:]
    arrows = [path.get("d", "") for path in picture.iter(f"{SVG}path")][1::2]
    assert boxes == ["factory", "routes", "cli", "kernel"]
    assert titles == ["cli imports kernel", "factory imports cli, kernel"]
    assert [drawn.count("M") for drawn in arrows] == [1, 2]


def test_a_package_without_a_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="has billing"):
        architecture.draw(architecture.layers(CONFIG), {("billing", "kernel")})
