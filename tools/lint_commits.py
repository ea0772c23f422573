"""Check the subjects of commits against Conventional Commits 1.0.0.

    python -m tools.lint_commits

The commits after START and after the last tag are checked. If this history is missing, as in a
shallow clone or an archive without git, a message says so and the check passes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START = "b4480a2db7374a714d6069ca4a7401b10e2c9a1f"
LENGTH_MAX = 72
TYPES = (
    *("build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"),
)
_FORM = re.compile(rf"(?:{'|'.join(TYPES)})(?:\([a-z0-9/_.-]+\))?!?: \S")


class HistoryMissing(Exception):
    """The commits to judge are not in this checkout; the message says why."""


def main(root: Path = ROOT, start: str = START) -> int:
    """Print each subject that breaks a rule; return 1 if there is one, else 0."""
    try:
        commits = commits_since(root, start)
    except HistoryMissing as error:
        print(f"Commit subjects were not checked: {error}.")
        return 0
    faults = [
        f"{commit[:7]} {subject}\n    {problem}"
        for commit, subject in commits
        for problem in problems(subject)
    ]
    print("\n".join([*faults, f"{len(commits)} commit subjects, {len(faults)} problems."]))
    return 1 if faults else 0


def problems(subject: str) -> list[str]:
    """Return what is wrong with a subject, as sentences; empty if nothing is."""
    found = []
    if _FORM.match(subject) is None:
        found.append(f"Write `type(scope): subject`; the type is one of {', '.join(TYPES)}.")
    if len(subject) > LENGTH_MAX:
        found.append(f"{len(subject)} characters; the limit is {LENGTH_MAX}.")
    if subject.endswith("."):
        found.append("A subject has no full stop at its end.")
    return found


def commits_since(root: Path, start: str) -> list[tuple[str, str]]:
    """Return hash and subject of each commit after `start` and the last tag.

    The newest commit comes first.

    Raises:
        HistoryMissing: there is no repository, or `start` is not an ancestor of HEAD.
    """
    if not (root / ".git").exists():
        raise HistoryMissing("this folder is no git checkout")
    try:
        known = _git(root, "merge-base", "--is-ancestor", start, "HEAD")
    except FileNotFoundError:
        raise HistoryMissing("git is not installed") from None
    if known is None:
        raise HistoryMissing(f"the history does not reach back to {start[:7]}")
    before = [f"^{start}"]
    if tag := _git(root, "describe", "--tags", "--abbrev=0"):
        before.append(f"^{tag.strip()}")
    listing = _git(root, "log", "--no-merges", "--format=%H%x00%s", "HEAD", *before)
    if listing is None:
        raise HistoryMissing("git could not list the commits")
    lines = (line.partition("\0") for line in listing.splitlines())
    return [(commit, subject) for commit, _, subject in lines]


def _git(root: Path, *arguments: str) -> str | None:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main())
