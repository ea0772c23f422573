"""The permission table against the matrix of the API contract."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from voyagent.identity.permissions import ADMINISTER, READ, ROLE_PERMISSIONS, WRITE, Role
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import Forbidden

ROOT = Path(__file__).resolve().parents[2]


def test_there_are_five_roles_and_no_other() -> None:
    assert set(ROLE_PERMISSIONS) == {"agency_admin", "ticketing_lead", "accounting_lead", "agent", "viewer"}


@pytest.mark.parametrize("role", list(Role))
def test_every_role_reads(role: Role) -> None:
    assert ROLE_PERMISSIONS[role] >= READ


def test_a_viewer_only_reads() -> None:
    assert ROLE_PERMISSIONS[Role.VIEWER] == READ


@pytest.mark.parametrize("role", [Role.TICKETING_LEAD, Role.ACCOUNTING_LEAD, Role.AGENT])
def test_only_the_administrator_administers(role: Role) -> None:
    assert ROLE_PERMISSIONS[role] == READ | WRITE
    assert not ROLE_PERMISSIONS[role] & ADMINISTER
    assert ROLE_PERMISSIONS[Role.AGENCY_ADMIN] >= ADMINISTER


def test_an_unknown_role_and_an_unknown_permission_are_denied(app: Flask) -> None:
    stranger = Actor(tenant_id=uuid4(), user_id=uuid4(), role="owner")
    admin = Actor(tenant_id=uuid4(), user_id=uuid4(), role=Role.AGENCY_ADMIN)
    with pytest.raises(Forbidden):
        stranger.require("agency.read")
    with pytest.raises(Forbidden):
        admin.require("no.such.permission")
    admin.require("invite.create")


def test_every_permission_that_the_code_asks_for_stands_in_the_table() -> None:
    known = READ | WRITE | ADMINISTER
    asked = set()
    for path in (ROOT / "voyagent").rglob("*.py"):
        asked |= set(re.findall(r'(?:require\(|permission=|\.can\()"([a-z_]+\.[a-z_]+)"', path.read_text()))
    for path in (ROOT / "templates").rglob("*.html"):
        asked |= set(re.findall(r"""\.can\(["']([a-z_]+\.[a-z_]+)["']\)""", path.read_text()))
    assert "enquiry.create" in asked
    assert asked <= known
