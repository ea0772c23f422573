"""An act that needs authority requires a grant or the role's direct right."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from voyagent.identity.rules.permissions import Role
from voyagent.kernel.actor import (
    Actor,
    ApprovalRequired,
    Channel,
    Grant,
    ScopeTooSmall,
    permissions_within,
    system_actor,
)
from voyagent.kernel.errors import Forbidden

pytestmark = pytest.mark.usefixtures("app")
RECORD = "payment.record"


def actor(role: Role) -> Actor:
    return Actor(tenant_id=uuid4(), user_id=uuid4(), role=role, channel=Channel.API)


def test_a_role_without_the_direct_right_is_refused() -> None:
    assert actor(Role.AGENT).can(RECORD)
    with pytest.raises(ApprovalRequired) as refused:
        actor(Role.AGENT).require_authority(RECORD)
    assert refused.value.code == "forbidden_role"


def test_a_grant_of_the_permission_is_sufficient() -> None:
    actor(Role.AGENT).granted(Grant("ap-1", RECORD)).require_authority(RECORD)


@pytest.mark.parametrize("other", ["invoice.issue", "payment.record_direct", "payment"])
def test_a_grant_of_another_permission_is_not_sufficient(other: str) -> None:
    with pytest.raises(ApprovalRequired):
        actor(Role.AGENT).granted(Grant("ap-1", other)).require_authority(RECORD)


@pytest.mark.parametrize("role", [Role.AGENCY_ADMIN, Role.ACCOUNTING_LEAD])
def test_a_role_with_the_direct_right_needs_no_grant(role: Role) -> None:
    actor(role).require_authority(RECORD)


def test_the_assistant_never_has_a_direct_right() -> None:
    lead = actor(Role.ACCOUNTING_LEAD).via(Channel.ASSISTANT)
    with pytest.raises(ApprovalRequired):
        lead.require_authority(RECORD)
    lead.granted(Grant("ap-1", RECORD)).require_authority(RECORD)


def test_a_grant_adds_no_permission() -> None:
    for nobody in (actor(Role.VIEWER), system_actor(uuid4())):
        with pytest.raises(Forbidden):
            nobody.granted(Grant("ap-1", RECORD)).require_authority(RECORD)


def test_the_system_actor_requires_a_grant() -> None:
    job = replace(system_actor(uuid4()), permissions=frozenset({RECORD}))
    with pytest.raises(ApprovalRequired):
        job.require_authority(RECORD)
    job.granted(Grant("ap-1", RECORD)).require_authority(RECORD)


def test_a_key_acts_directly_only_within_its_scopes() -> None:
    admin = replace(actor(Role.AGENCY_ADMIN), key_id=uuid4())
    books, trips = (
        replace(admin, permissions=permissions_within(admin.role, [scope]))
        for scope in ("books", "trips")
    )
    books.require_authority(RECORD)
    with pytest.raises(ScopeTooSmall):
        trips.require_authority(RECORD)
