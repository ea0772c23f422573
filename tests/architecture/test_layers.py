"""Forbidden imports are reported; all of them are tested in one copy of the code."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

VIOLATIONS = {
    "the engine imports a package above it": (
        "capabilities/registry.py",
        "import voyagent.enquiries",
        "Packages depend downward only",
    ),
    "a capability knows Flask": (
        "enquiries/capabilities/create_enquiry.py",
        "import flask",
        "Capabilities know neither Flask nor outside systems",
    ),
    "a lower package imports a higher one": (
        "kernel/clock.py",
        "import voyagent.identity",
        "Packages depend downward only",
    ),
    "a package imports its sibling": (
        "audit/service/recording.py",
        "import voyagent.settings.queries",
        "Packages depend downward only",
    ),
    "a package that is not in the plan": (
        "loyalty/__init__.py",
        '"""A package of its own."""',
        "Packages depend downward only",
    ),
    "a read imports a rule": (
        "enquiries/queries/enquiries.py",
        "import voyagent.enquiries.service",
        "Inside a package",
    ),
    "a page imports the JSON API": (
        "enquiries/views.py",
        "import voyagent.enquiries.api",
        "Inside a package",
    ),
    "a billing document imports one above it": (
        "billing/core/schemas/rates.py",
        "import voyagent.billing.payments.schemas",
        "Documents of billing depend downward only",
    ),
    "a rule knows Flask": (
        "enquiries/service.py",
        "import flask",
        "Rules, reads and tables know nothing of HTTP",
    ),
    "a rule knows pages": (
        "ledger/service/entries.py",
        "import voyagent.http.pages",
        "Rules, reads and tables know nothing of HTTP",
    ),
    "a document knows Flask": (
        "trips/documents/itinerary_pdf.py",
        "import flask",
        "Only handlers, forms, commands, tasks and http import Flask",
    ),
    "a file without a role": (
        "trips/steps.py",
        '"""Steps."""',
        "Roles of files are a closed list",
    ),
    "a label knows a read": (
        "approvals/words/arguments.py",
        "import voyagent.approvals.queries",
        "Roles of files are a closed list",
    ),
    "the reader of texts translates": (
        "kernel/text/dates.py",
        "import flask_babel",
        "The reader of texts knows neither pages nor translations",
    ),
    "another package touches the ledger's tables": (
        "enquiries/service.py",
        "import voyagent.ledger.models",
        "Only ledger touches the tables of ledger",
    ),
    "the loop of a turn reaches past the turns of chat": (
        "assistant/service/loop.py",
        "import voyagent.chat.service.conversations",
        "The assistant runs turns through one module of chat",
    ),
    "a page reaches into chat": (
        "assistant/views/conversations.py",
        "import voyagent.chat.service.cancellation",
        "Pages and API of the assistant use the turns, conversations and reads of chat",
    ),
    "chat knows a model": (
        "chat/service/turns.py",
        "import voyagent.drivers.models.protocol",
        "Chat knows no capability, planner or model",
    ),
    "a capability reaches past the services": (
        "enquiries/capabilities/create_enquiry.py",
        "import voyagent.drivers.postgres",
        "Capabilities know neither Flask nor outside systems",
    ),
}


def test_imports_follow_the_layers(tmp_path: Path) -> None:
    code, output = _lint(_copied(tmp_path))
    assert code == 0, output
    assert "0 broken" in output


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Texts by broken contract, of one report about all violations."""
    folder = _copied(tmp_path_factory.mktemp("broken"))
    for place, line, _ in VIOLATIONS.values():
        file = folder / "voyagent" / place
        file.parent.mkdir(exist_ok=True)
        (file.parent / "__init__.py").touch()
        with file.open("a") as text:
            text.write(f"\n{line}\n")
    code, output = _lint(folder)
    assert code == 1
    _, _, broken = output.partition("Broken contracts\n")
    parts = re.split(r"^(.+)\n-+\n", broken, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_forbidden_imports_are_reported(report: dict[str, str], violation: str) -> None:
    place, line, contract = VIOLATIONS[violation]
    module = f"voyagent.{place.removesuffix('/__init__.py').removesuffix('.py').replace('/', '.')}"
    found = line.replace("import", f"{module} ->") if line.startswith("import") else module
    (reported,) = (text for name, text in report.items() if contract in name)
    assert found in reported


def _copied(folder: Path) -> Path:
    shutil.copytree(
        ROOT / "voyagent", folder / "voyagent", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def _lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [LINT_IMPORTS, "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr
