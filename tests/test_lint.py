"""Tests of the linters for commit subjects and docstrings."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import lint_commits, lint_docstrings

GOOD = "fix(billing): refuse an issue date in the future"


@pytest.mark.parametrize(
    "subject",
    [
        GOOD,
        "docs: explain restore",
        "feat(api)!: drop an old field",
        "test(kernel/text): add dates",
    ],
)
def test_a_conventional_subject_is_accepted(subject: str) -> None:
    assert lint_commits.problems(subject) == []


@pytest.mark.parametrize(
    "subject",
    [
        "Take the line before the balances away again",
        "improve(billing): round the total",
        "fix(billing) round the total",
        "fix: ",
        "fix: round the total.",
        f"fix: {'long ' * 14}subject",
    ],
)
def test_another_subject_is_reported(subject: str) -> None:
    assert len(lint_commits.problems(subject)) == 1


def test_commits_before_the_start_are_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = _repository(tmp_path, "An old subject", GOOD)
    assert lint_commits.main(tmp_path, start) == 0
    _commit(tmp_path, "A new subject")
    assert lint_commits.main(tmp_path, start) == 1
    assert "A new subject" in capsys.readouterr().out


def test_commits_before_the_last_tag_are_not_checked(tmp_path: Path) -> None:
    start = _repository(tmp_path, "An old subject", "A tagged subject")
    _git(tmp_path, "tag", "v0.1.0")
    _commit(tmp_path, GOOD)
    assert lint_commits.main(tmp_path, start) == 0


def test_a_shallow_clone_passes_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = _repository(tmp_path / "whole", "An old subject", "A new subject")
    _git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tmp_path}/whole", "shallow")
    assert lint_commits.main(tmp_path / "shallow", start) == 0
    assert "not checked: the history does not reach back" in capsys.readouterr().out


def test_a_folder_without_git_passes_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lint_commits.main(tmp_path) == 0
    assert "not checked: this folder is no git checkout" in capsys.readouterr().out


def test_a_summary_that_does_not_stand_alone_is_reported() -> None:
    source = '''
"""Whether it is open."""

class Kept:
    """The same, kept."""

def named():
    """Return the name."""

def whatever():
    """Whatever comes."""
'''
    assert lint_docstrings.openings(source) == [(2, "Whether"), (5, "The same")]


def test_a_heading_or_comment_that_is_no_sentence_is_reported() -> None:
    source = """
# What is refused
# ---------------

LIMIT = 3  # What a row may have.

# The limit holds for all rows,
# whoever writes them.
def check():
    text = '''
    # What is a text is no comment.
    '''
    # How it fails.
    return text
"""
    assert lint_docstrings.openings(source) == [(2, "What"), (13, "How")]


def test_a_long_first_line_of_a_docstring_is_reported() -> None:
    source = f'''
"""{"a" * 80}"""

class Long:
    """{"b" * 81}

    {"c" * 90}
    """

    def short():
        """Stay short.

        {"d" * 90}
        """

def indented():
    """
    {"e" * 82}
    """
'''
    assert lint_docstrings.long_first_lines(source) == [(5, 81), (17, 82)]


def test_every_source_file_is_checked(tmp_path: Path) -> None:
    for folder in ("tools", "tests", "voyagent"):
        (tmp_path / folder).mkdir()
    for name in ("app.py", "gunicorn.conf.py", "wsgi.py", "voyagent/trips.py"):
        (tmp_path / name).write_text('"""Serve the application."""\n')
    assert lint_docstrings.main(tmp_path) == 0
    for docstring in ("What it does.", f"Serve {'a' * 75}"):
        (tmp_path / "voyagent/trips.py").write_text(f'"""{docstring}"""\n')
        assert lint_docstrings.main(tmp_path) == 1


def _repository(folder: Path, *subjects: str) -> str:
    """Create a repository with these commits and return the hash of the first."""
    folder.mkdir(exist_ok=True)
    _git(folder, "init", "-q")
    for subject in subjects:
        _commit(folder, subject)
    return _git(folder, "rev-list", "--max-parents=0", "HEAD").strip()


def _commit(folder: Path, subject: str) -> None:
    who = ("-c", "user.name=Tests", "-c", "user.email=tests@voyagent.example")
    _git(folder, *who, "commit", "-q", "--allow-empty", "-m", subject)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
