"""The command `flask import` follows the same rules as the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from tests.imports.test_advances import CUSTOMERS, payments
from tests.imports.test_opening import DAY
from tests.people import People, Person

NAMES = "name,is_customer\nDeepa Krishnan,yes\nAl Noor,yes\n"


def command(
    person: Person,
    folder: Path,
    kind: str,
    content: str | bytes,
    *options: str,
    by: str | None = None,
) -> Result:
    file = folder / "file.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return person.app.test_cli_runner().invoke(
        args=["import", kind, str(file), "--by", by or person.email, *options]
    )


def known(person: Person) -> int:
    return len(person.api.get("/parties").json["items"])


def test_a_file_is_previewed_and_imported_once(
    alice: Person, charlie: Person, tmp_path: Path
) -> None:
    looked = command(alice, tmp_path, "parties", NAMES, "--dry-run")
    assert (looked.exit_code, looked.output, known(alice)) == (
        0,
        "2 lines valid. Nothing was saved.\n",
        0,
    )
    taken = command(alice, tmp_path, "parties", NAMES, by=alice.email.upper())
    assert (taken.exit_code, taken.output, known(alice)) == (0, "2 lines imported.\n", 2)
    again = command(alice, tmp_path, "parties", NAMES)
    assert again.exit_code == 0
    assert "This file was imported on" in again.output
    assert (known(alice), known(charlie)) == (2, 0)


@pytest.mark.parametrize("options", [("--dry-run",), ()])
def test_every_invalid_row_is_reported_and_nothing_imported(
    alice: Person, tmp_path: Path, options: tuple[str, ...]
) -> None:
    content = CUSTOMERS + "A,X,2026-04-01,INR,1\nA,Y,2026-03-01,INR\n"
    output = command(alice, tmp_path, "customer_advances", content, "--on", DAY, *options)
    assert output.exit_code == 1
    assert output.output.splitlines() == [
        ("line 4, paid_on: The payment date is after the date of the file. (paid_after_day)"),
        "line 5: The number of cells in this line differs from the header. (cells_do_not_fit)",
    ]
    assert payments(alice) == []


def test_the_command_has_the_limits_of_the_role(
    people: People, alice: Person, tmp_path: Path
) -> None:
    agent = people.colleague(alice, "Vera Agent", role="agent")
    output = command(agent, tmp_path, "parties", NAMES)
    assert (output.exit_code, known(alice)) == (1, 0)
    assert "Your role does not allow this." in output.output


@pytest.mark.parametrize(
    ("kind", "content", "options", "by", "expected"),
    [
        ("parties", NAMES, (), "nobody@example.com", "We could not find that person"),
        ("parties", b"\xff\xfe", (), None, "UTF-8"),
        ("parties", "name\n", (), None, "This file has no lines below the header."),
        ("open_bills", NAMES, (), None, "Enter the date of these balances."),
        ("open_bills", NAMES, ("--on", "soon"), None, "does not match the format"),
        ("pictures", NAMES, (), None, "is not one of"),
    ],
)
def test_an_error_is_printed(
    alice: Person,
    tmp_path: Path,
    kind: str,
    content: str | bytes,
    options: tuple[str, ...],
    by: str | None,
    expected: str,
) -> None:
    output = command(alice, tmp_path, kind, content, *options, by=by)
    assert output.exit_code in (1, 2)
    assert expected in output.output


def test_a_missing_file_is_reported(alice: Person, tmp_path: Path) -> None:
    output = alice.app.test_cli_runner().invoke(
        args=["import", "parties", str(tmp_path / "none.csv"), "--by", alice.email]
    )
    assert output.exit_code == 2
    assert "does not exist" in output.output
