"""The permission table equals the matrix of the API contract."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from voyagent.identity.rules.permissions import (
    ADMINISTER,
    DIRECT,
    KEEP_BOOKS,
    MONEY_ROLES,
    OWN,
    READ,
    ROLE_PERMISSIONS,
    SCOPE_PERMISSIONS,
    WRITE,
    Role,
    roles_that_may,
)
from voyagent.kernel.actor import Actor, direct_right, permissions_within
from voyagent.kernel.errors import Forbidden

ROOT = Path(__file__).resolve().parents[2]


def test_there_are_exactly_five_roles() -> None:
    assert set(ROLE_PERMISSIONS) == {
        "agency_admin",
        "ticketing_lead",
        "accounting_lead",
        "agent",
        "viewer",
    }


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_read(role: Role) -> None:
    assert ROLE_PERMISSIONS[role] >= READ


def test_a_viewer_may_only_read_and_manage_the_own_account() -> None:
    assert ROLE_PERMISSIONS[Role.VIEWER] == READ | OWN


@pytest.mark.parametrize("role", [Role.TICKETING_LEAD, Role.ACCOUNTING_LEAD, Role.AGENT])
def test_only_administrators_have_permissions_of_administration(role: Role) -> None:
    assert ROLE_PERMISSIONS[role] - DIRECT - KEEP_BOOKS == READ | OWN | WRITE
    assert not ROLE_PERMISSIONS[role] & ADMINISTER
    assert ROLE_PERMISSIONS[Role.AGENCY_ADMIN] >= ADMINISTER


@pytest.mark.parametrize("role", list(Role))
def test_a_role_with_a_direct_right_has_its_permission(role: Role) -> None:
    held = ROLE_PERMISSIONS[role]
    assert {right for right in held if right.endswith("_direct")} <= set(map(direct_right, held))


@pytest.mark.parametrize("permission", sorted(DIRECT | KEEP_BOOKS))
def test_direct_posting_and_closing_require_the_right_to_approve(permission: str) -> None:
    assert roles_that_may(permission) == MONEY_ROLES


def test_an_unknown_role_and_an_unknown_permission_are_denied(app: Flask) -> None:
    stranger = Actor(tenant_id=uuid4(), user_id=uuid4(), role="owner")
    admin = Actor(tenant_id=uuid4(), user_id=uuid4(), role=Role.AGENCY_ADMIN)
    with pytest.raises(Forbidden):
        stranger.require("agency.read")
    with pytest.raises(Forbidden):
        admin.require("no.such.permission")
    admin.require("invite.create")


def test_all_permissions_in_the_code_are_in_the_table() -> None:
    known = READ | OWN | WRITE | DIRECT | KEEP_BOOKS | ADMINISTER
    asked = set()
    for path in (ROOT / "voyagent").rglob("*.py"):
        asked |= set(
            re.findall(
                r'(?:require\(|require_authority\(|require_step_up\(|permission=|\.can\()"([a-z_]+\.[a-z_]+)"',
                path.read_text(),
            )
        )
    for path in (ROOT / "templates").rglob("*.html"):
        asked |= set(re.findall(r"""\.can\(["']([a-z_]+\.[a-z_]+)["']\)""", path.read_text()))
    assert "enquiry.create" in asked
    assert asked <= known


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", list(SCOPE_PERMISSIONS))
def test_a_scope_never_exceeds_the_creators_role(app: Flask, role: Role, scope: str) -> None:
    allowed = permissions_within(role, [scope])
    assert allowed <= ROLE_PERMISSIONS[role]
    assert "agency.read" in allowed


def test_full_is_the_whole_role_and_read_changes_nothing(app: Flask) -> None:
    assert permissions_within(Role.AGENT, ["full"]) == ROLE_PERMISSIONS[Role.AGENT]
    assert permissions_within(Role.AGENCY_ADMIN, ["read"]) == {
        name for name in ROLE_PERMISSIONS[Role.AGENCY_ADMIN] if name.endswith(".read")
    }
    assert permissions_within(Role.AGENCY_ADMIN, ["enquiries", "reports"]) >= {
        "enquiry.create",
        "report.read",
    }
    assert permissions_within(Role.AGENCY_ADMIN, ["owner"]) == frozenset()


def test_an_empty_set_of_permissions_is_not_replaced_by_the_role(app: Flask) -> None:
    nothing = Actor(
        tenant_id=uuid4(), user_id=uuid4(), role=Role.AGENCY_ADMIN, permissions=frozenset()
    )
    assert not nothing.can("agency.read")
