"""`flask do`: a capability from the shell, as a person of an agency."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result

from tests.billing.papers import issued
from tests.people import Person
from voyagent import catalogue
from voyagent.approvals import queries as approvals
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id


def do(person: Person, name: str, *options: Any) -> Result:
    arguments = ["do", name, "--as", person.email, *map(str, options)]
    return person.app.test_cli_runner().invoke(args=arguments)


def waiting(person: Person) -> int:
    with person.acting():
        return len(SessionReader(db.session).read(approvals.waiting_statement())[0])


def test_the_command_lists_the_capabilities(alice: Person) -> None:
    result = alice.app.test_cli_runner().invoke(args=["do", "--list"])
    assert [line.split()[0] for line in result.output.splitlines()] == sorted(
        one.name for one in catalogue.CAPABILITIES
    )


def test_every_capability_has_an_option_for_each_field(alice: Person) -> None:
    for capability in catalogue.CAPABILITIES:
        result = alice.app.test_cli_runner().invoke(args=["do", capability.name, "--help"])
        assert result.exit_code == 0, result.output
        for name in capability.input.model_fields:
            assert f"--{name.replace('_', '-')}" in result.output, capability.name


def test_the_output_is_json(alice: Person) -> None:
    result = do(alice, "create_enquiry", "--customer-name", "दीपा", "--pax-count", 3)
    output = json.loads(result.output)
    assert (output["created"], output["customer_name"]) == (True, "दीपा")
    assert "दीपा" in result.output
    with alice.reading() as reader:
        (row,) = enquiries.find_by_text(reader, "दीपा", 5)
    assert row["pax_count"] == 3


def test_a_person_without_the_direct_right_gets_a_proposal(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    given = ("--invoice-id", invoice_id, "--amount", "100.00", "--currency", "INR")
    result = do(bob, "record_receipt", *given, "--paid-on", "2024-06-25")
    assert set(json.loads(result.output)) == {"approval_id", "summary", "session_id"}
    assert waiting(alice) == 1


def test_a_dry_run_shows_the_preview_and_changes_nothing(alice: Person, victor: Person) -> None:
    invoice_id = issued(alice)
    given = ("--invoice-id", invoice_id, "--amount", "100.00", "--currency", "INR")
    given = (*given, "--paid-on", "2024-06-25", "--dry-run")
    output = json.loads(do(alice, "record_receipt", *given).output)
    assert output["summary"].startswith("Record a payment of Deepa Krishnan")
    assert "Deepa Krishnan" in output["preview"]["title"]
    assert do(victor, "record_receipt", *given).exit_code == 1
    assert waiting(alice) == 0
    without = do(alice, "create_enquiry", "--customer-name", "Deepa", "--dry-run")
    assert (without.exit_code, "has no preview" in without.output) == (2, True)


def test_lines_are_given_as_json(bob: Person) -> None:
    lines = '[{"description": "Visa", "quantity": 1, "unit_price": "6500.00", "currency": "INR"}]'
    given = ("--vendor-name", "BSP", "--vendor-reference", "B-1", "--issue-date", "2026-11-01")
    given = (*given, "--due-date", "2026-11-20", "--line-items")
    assert do(bob, "receive_bill", *given, lines).exit_code == 0
    assert waiting(bob) == 1
    broken = do(bob, "receive_bill", *given, "[")
    assert (broken.exit_code, "line_items is not valid JSON" in broken.output) == (2, True)


def test_errors_name_their_field(alice: Person) -> None:
    result = do(alice, "record_receipt", "--amount", "a few", "--currency", "XXX")
    assert result.exit_code == 1
    for name in ("amount", "currency", "invoice_id", "paid_on"):
        assert f"{name}: " in result.output


def test_role_and_agency_are_checked(alice: Person, charlie: Person, victor: Person) -> None:
    given = ("create_enquiry", "--customer-name", "Deepa")
    refused = do(victor, *given)
    assert (refused.exit_code, "forbidden_role" in refused.output) == (1, True)
    for agency in (charlie.actor.tenant_id, new_id()):
        result = do(alice, *given, "--agency", agency)
        assert (result.exit_code, "user_not_found" in result.output) == (1, True)
    assert do(alice, *given, "--agency", alice.actor.tenant_id).exit_code == 0


def test_an_unknown_capability_is_refused(alice: Person) -> None:
    assert do(alice, "fly_to_the_moon").exit_code == 2
