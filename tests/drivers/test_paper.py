"""PDFs: reproducible bytes, no interpreted markup, and own fonts."""

from __future__ import annotations

from pathlib import Path

import pytest

from voyagent.drivers.paper import Paper, TextNotPrintable

SOURCE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: "A page")
#set text(font: json(bytes(sys.inputs.fonts)), lang: "hi")
#for line in data.lines [#line #parbreak()]
"""


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "page.typ").write_text(SOURCE)
    (tmp_path / "secret.txt").write_text("a secret")
    return Paper(tmp_path / "folder")


def test_equal_data_give_equal_pdfs(paper: Paper) -> None:
    data = {"lines": ["₹2,28,200.50", "दुबई और अबू धाबी"]}
    first = paper.pdf("page.typ", data)
    assert first.startswith(b"%PDF-")
    assert paper.pdf("page.typ", data) == first
    assert b"Mukta" in first, "the font lies in the document"


def test_entered_text_is_not_interpreted_as_markup(paper: Paper) -> None:
    """As Typst source, these texts would be an empty line or an error.

    The first text would be the empty line, the last one the error.
    """
    typed = [
        '#read("../secret.txt")',
        "*bold* _slanted_ $x^2$ // gone",
        "#panic()",
        "]#[",
        '"}) #let x = 1',
        "\\",
    ]
    assert len(paper.png("page.typ", {"lines": typed})) == 1
    assert paper.png("page.typ", {"lines": [""]}) != paper.png("page.typ", {"lines": typed[:1]})


def test_a_template_reads_no_file_outside_its_folder(paper: Paper, tmp_path: Path) -> None:
    (paper.folder / "thief.typ").write_text('#read("../secret.txt")')
    with pytest.raises(RuntimeError, match=r"outside of project root|access denied|escape"):
        paper.png("thief.typ", {})


def test_long_documents_have_several_pages(paper: Paper) -> None:
    assert len(paper.png("page.typ", {"lines": ["A line"] * 200}, dots_per_inch=36)) > 2


def test_a_text_that_cannot_be_set_is_refused_and_the_next_one_is_set(paper: Paper) -> None:
    with pytest.raises(TextNotPrintable):
        paper.pdf("page.typ", {"lines": ["क\u094d\u200d" * 1_900]})
    assert paper.pdf("page.typ", {"lines": ["क\u094d\u200d" * 20]}).startswith(b"%PDF-")
