"""The tenant filter of the ORM, on a connection without row-level security."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, scoped_session, sessionmaker

from tests.people import Person
from voyagent.identity.models import AuthSession, Invite, Tenant, User
from voyagent.kernel import tenancy
from voyagent.kernel.ids import new_id
from voyagent.kernel.tenancy import TenantNotBound, WrongTenant

ROOT = Path(__file__).resolve().parents[2]
Made = Callable[[Person | None], Session]


@pytest.fixture
def session_of(owner_engine: sa.Engine) -> Iterator[Made]:
    """Return a session of a user's agency as the owner of the server.

    No policy applies to the owner, so only the tenant filter of the ORM limits the rows.
    """
    opened: list[Session] = []

    def make(person: Person | None) -> Session:
        factory = scoped_session(sessionmaker(owner_engine))
        tenancy.guard(factory)
        session = factory()
        opened.append(session)
        if person is not None:
            tenancy.bind(session, person.actor.tenant_id)
        return session

    yield make
    for session in opened:
        session.rollback()
        session.close()


@pytest.fixture
def session(session_of: Made, alice: Person, charlie: Person) -> Session:
    """Alice's session, with Charlie's rows in the same tables."""
    return session_of(alice)


other = aliased(User)
SELECTS: dict[str, Any] = {
    "entity": sa.select(User.email),
    "column": sa.select(User.email).where(User.role == "agency_admin"),
    "alias": sa.select(other.email),
    "subquery": sa.select(sa.select(User.email).subquery().c.email),
    "cte": sa.select(sa.select(User.email).cte().c.email),
    "union": sa.union_all(
        sa.select(User.email).where(User.is_active), sa.select(User.email).where(~User.is_active)
    ),
    "join": (
        sa.select(User.email)
        .join(
            AuthSession,
            (AuthSession.tenant_id == User.tenant_id) & (AuthSession.user_id == User.id),
        )
        .distinct()
    ),
    "exists": sa.select(User.email).where(sa.exists().where(AuthSession.user_id == User.id)),
    "scalar subquery": sa.select(sa.select(sa.func.string_agg(User.email, ",")).scalar_subquery()),
    "in subquery": sa.select(User.email).where(User.id.in_(sa.select(AuthSession.user_id))),
    "two entities": (
        sa.select(User.email, other.email).where(User.id == other.id).with_only_columns(User.email)
    ),
    "outer join": sa.select(User.email).outerjoin(Invite, Invite.invited_by_user_id == User.id),
}


@pytest.mark.parametrize("kind", SELECTS)
def test_every_kind_of_select_reads_only_the_bound_agency(
    session: Session, alice: Person, kind: str
) -> None:
    assert session.scalars(SELECTS[kind]).all() == [alice.email]


def test_counts_include_only_the_bound_agency(session: Session, alice: Person) -> None:
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
    assert session.scalar(sa.select(sa.func.count(User.id))) == 1
    assert session.query(User).count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        sa.select(sa.exists().where(User.role == "agency_admin")),
        sa.select(sa.func.first_value(User.email).over(order_by=User.created_at)),
        sa.select(User.__table__.c.email),
        sa.select(sa.func.count()).select_from(User.__table__),
        sa.union(sa.select(User.__table__.c.email), sa.select(User.__table__.c.role)),
    ],
    ids=["exists alone", "window alone", "table", "count of a table", "union of tables"],
)
def test_a_select_without_tenant_filter_is_refused(session: Session, statement: Any) -> None:
    with pytest.raises(TenantNotBound, match="users"):
        session.execute(statement)


def test_a_core_select_with_the_agency_is_accepted(session: Session, alice: Person) -> None:
    statement = sa.select(User.__table__.c.email).where(tenancy.owned(User))
    assert session.scalars(statement, {tenancy.TENANT: alice.actor.tenant_id}).all() == [
        alice.email
    ]


def test_a_row_of_another_agency_is_not_found_by_its_key(
    session: Session, alice: Person, charlie: Person
) -> None:
    assert session.get(User, (alice.actor.tenant_id, alice.actor.user_id)) is not None
    assert session.get(User, (charlie.actor.tenant_id, charlie.actor.user_id)) is None
    assert session.get(User, (alice.actor.tenant_id, charlie.actor.user_id)) is None


def test_bulk_updates_and_deletes_change_only_the_bound_agency(session: Session) -> None:
    assert session.execute(sa.update(User).values(display_name="Renamed")).rowcount == 1
    assert session.query(User).update({"display_name": "Again"}) == 1
    assert session.execute(sa.delete(AuthSession)).rowcount == 1


@pytest.mark.parametrize(
    "statement",
    [
        sa.select(User),
        sa.select(sa.func.count()).select_from(User),
        sa.update(User).values(role="viewer"),
        sa.delete(User),
        sa.select(Tenant),
    ],
    ids=["select", "count", "update", "delete", "agencies"],
)
def test_a_statement_without_an_agency_is_an_error(
    session_of: Made, alice: Person, statement: Any
) -> None:
    with pytest.raises(TenantNotBound):
        session_of(None).execute(statement)


def test_a_write_without_an_agency_is_an_error(session_of: Made, alice: Person) -> None:
    session = session_of(None)
    session.add(
        User(
            id=new_id(),
            email="x@malabar.example",
            display_name="X",
            role="agent",
            password_hash="x",
        )
    )
    with pytest.raises(TenantNotBound):
        session.flush()


def test_a_bulk_insert_is_refused(session: Session, alice: Person) -> None:
    row = {
        "tenant_id": alice.actor.tenant_id,
        "id": new_id(),
        "email": "x@malabar.example",
        "display_name": "X",
        "role": "agent",
        "password_hash": "x",
    }
    with pytest.raises(TenantNotBound):
        session.execute(sa.insert(User), [row])
    with pytest.raises(TenantNotBound):
        session.execute(sa.insert(User).values(row))


def test_a_new_row_is_stamped_with_the_bound_agency(session: Session, alice: Person) -> None:
    made = User(
        id=new_id(),
        email=f"{uuid4().hex}@malabar.example",
        display_name="X",
        role="agent",
        password_hash="x",
    )
    session.add(made)
    session.flush()
    assert made.tenant_id == alice.actor.tenant_id


def test_a_row_of_another_agency_cannot_be_written(
    session_of: Made, alice: Person, charlie: Person
) -> None:
    def foreign(session: Session) -> User:
        with tenancy.across_tenants(session, "The test needs a row that the gate would not give."):
            return session.scalars(sa.select(User).where(User.email == charlie.email)).one()

    def make(session: Session) -> None:
        session.add(
            User(
                tenant_id=charlie.actor.tenant_id,
                id=new_id(),
                email="y@malabar.example",
                display_name="Y",
                role="agent",
                password_hash="y",
            )
        )

    def change(session: Session) -> None:
        foreign(session).display_name = "Hacked"

    def delete(session: Session) -> None:
        session.delete(foreign(session))

    def move(session: Session) -> None:
        session.scalars(sa.select(User)).one().tenant_id = charlie.actor.tenant_id

    for act in (make, change, delete, move):
        session = session_of(alice)
        act(session)
        with pytest.raises(WrongTenant):
            session.flush()


def test_a_session_is_bound_to_one_agency(session: Session, alice: Person, charlie: Person) -> None:
    tenancy.bind(session, alice.actor.tenant_id)
    with pytest.raises(WrongTenant):
        tenancy.bind(session, charlie.actor.tenant_id)
    with pytest.raises(WrongTenant):
        tenancy.record_bound_agency(session, charlie.actor.tenant_id)


def test_each_transaction_sets_the_agency_in_the_database(session: Session, alice: Person) -> None:
    for _ in range(2):
        assert session.scalar(sa.text("select current_setting('app.tenant', true)")) == str(
            alice.actor.tenant_id
        )
        session.commit()


def test_binding_applies_to_a_started_transaction(session_of: Made, alice: Person) -> None:
    session = session_of(None)
    session.execute(sa.text("select 1"))
    tenancy.bind(session, alice.actor.tenant_id)
    assert session.scalar(sa.text("select current_setting('app.tenant', true)")) == str(
        alice.actor.tenant_id
    )


def test_across_tenants_requires_a_reason_and_ends_with_its_block(
    session: Session, alice: Person, charlie: Person
) -> None:
    both = (
        sa.select(sa.func.count())
        .select_from(User)
        .where(User.email.in_([alice.email, charlie.email]))
    )
    with pytest.raises(ValueError, match="reason"), tenancy.across_tenants(session, ""):
        pass
    with tenancy.across_tenants(session, "The test looks at both."):
        assert session.scalar(both) == 2
        with tenancy.across_tenants(session, "Once more, inside."):
            assert session.scalar(both) == 2
        assert session.scalar(both) == 2
    assert session.scalar(both) == 1


def test_uses_of_across_tenants_are_counted() -> None:
    """The program has no use, and a new one needs an entry in this test.

    It needs a reason in the code too.
    """
    uses = [
        (path.relative_to(ROOT).as_posix(), line.strip())
        for path in sorted((ROOT / "voyagent").rglob("*.py"))
        for line in path.read_text().splitlines()
        if "across_tenants(" in line and not line.startswith("def ")
    ]
    assert uses == []


def test_no_code_compares_tenant_ids() -> None:
    """The tenant filter compares them for the ORM, `owned` for the read pool.

    Only a join of two tables may compare their columns.
    """
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {line.strip()}"
        for path in sorted((ROOT / "voyagent").rglob("*.py"))
        for line in path.read_text().splitlines()
        if re.search(r"tenant_id\s*==(?!\s*\w+(\.c)?\.tenant_id)", line)
        and path.name != "tenancy.py"
    ]
    assert found == []
