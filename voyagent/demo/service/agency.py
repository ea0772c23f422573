"""Create the demo agency and renew its expired approval requests.

In production, DemoNotAllowed is raised.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from voyagent.demo.service import (
    conversations,
    documents,
    enquiries,
    journeys,
    parties,
    rates,
)
from voyagent.demo.service.cast import AGENCY, COLLEAGUES, CURRENCY, LETTERHEAD, OWNER, TIMEZONE
from voyagent.identity.queries import people
from voyagent.identity.rules.demo import DEMO_EMAIL, DEMO_PASSWORD
from voyagent.identity.rules.permissions import Role
from voyagent.identity.service import accounts, sessions
from voyagent.identity.service.errors import EmailAlreadyRegistered
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel import tenancy
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db, transaction
from voyagent.kernel.errors import N_, Conflict
from voyagent.ledger.service import base_amounts
from voyagent.settings.service import tenant_settings as settings


class DemoNotAllowed(Conflict):
    """The demo is not allowed in production, because its password is public."""

    code = "demo_not_allowed"
    message = N_("The demo agency can’t be created in production, because its password is public.")


class AddressTaken(Conflict):
    """The demo's e-mail address belongs to an agency that is not the demo."""

    code = "demo_address_taken"
    message = N_("The demo’s e-mail address belongs to another agency. Use an empty database.")


def fill(parts: Identity) -> list[str]:
    """Create missing data of the demo agency, and renew expired proposals.

    `parts` has the settings, keys and other objects that the services of `identity` need. Returns
    sentences that say what was done. Raises DemoNotAllowed, AddressTaken.
    """
    done = create_agency(parts)
    staff = _staff()
    accountant = next(actor for actor in staff.values() if actor.role == Role.ACCOUNTING_LEAD)
    held = conversations.run_conversations(staff, accountant)
    planned = journeys.plan_all(parts.keyring, staff, accountant)
    waiting = conversations.renew_requests(staff)
    if held:
        done.append(
            f"{held} {'conversation' if held == 1 else 'conversations'} with the assistant."
        )
    if planned:
        done.append(
            f"{planned} {'trip' if planned == 1 else 'trips'} with travellers, flights, hotels and"
            " visas."
        )
    return [*done, f"{waiting} requests wait for a decision in {AGENCY}, for fifteen minutes."]


def create_agency(parts: Identity) -> list[str]:
    """Create the agency with people, enquiries and books, unless it exists.

    `parts` has the settings, keys and other objects that the services of `identity` need. Returns
    sentences that say what was done. Raises DemoNotAllowed.
    """
    if parts.settings.is_production:
        raise DemoNotAllowed
    try:
        with transaction():
            if people.find_account(DEMO_EMAIL) is not None:
                return [f"{AGENCY} is there already."]
            owner = _sign_up(parts)
            settings.update(owner, LETTERHEAD)
            settings.update(owner, {"rate_max_age_days": rates.INTERVAL_DAYS})
            staff = _hire(parts, owner)
            agents = [actor for actor in staff if actor.role == Role.AGENT]
            accountant = next(actor for actor in staff if actor.role == Role.ACCOUNTING_LEAD)
            logged = enquiries.log_all(agents)
            party_count = parties.create_parties(accountant)
            rate_count = rates.enter_rates(accountant)
            booked = documents.book_all(accountant)
            booked["invoice"] += documents.bill_today(accountant)
            documents.draft(
                agents[0],
                "St. Mary’s Parish, Thrissur",
                "Holy Land, ten days, deposit for a pilgrim",
                42,
                "15000.00",
            )
            _establish_base(owner)
    except EmailAlreadyRegistered:  # another process has just created it
        db.session.remove()
        return [f"{AGENCY} is there already."]
    return [
        f"{AGENCY} with {len(staff)} people; {OWNER} signs in as {DEMO_EMAIL}.",
        f"{party_count} customers and suppliers.",
        (
            f"{len(logged)} enquiries, {booked['invoice']} invoices and {booked['bill']} bills of"
            " the past year, with their payments."
        ),
        f"{rate_count} exchange rates.",
    ]


def _establish_base(owner: Actor) -> None:
    """Give all postings their amounts in the base currency, so that reports are in it."""
    confirmed = replace(owner, fresh=True)
    while not base_amounts.establish_base(confirmed, CURRENCY).is_ready:
        pass


def _sign_up(parts: Identity) -> Actor:
    """Sign up the owner, end the session of the sign-up, and return the owner."""
    signed_in = accounts.sign_up(
        parts,
        email=DEMO_EMAIL,
        password=DEMO_PASSWORD,
        full_name=OWNER,
        agency_name=AGENCY,
        device=Device(Channel.JOB),
        default_currency=CURRENCY,
        timezone=TIMEZONE,
        is_demo=True,
    )
    sessions.end_session(replace(signed_in.actor, session_id=signed_in.credential.session_id))
    return signed_in.actor


def _hire(parts: Identity, owner: Actor) -> list[Actor]:
    password_hash = parts.passwords.hash(DEMO_PASSWORD)
    users = [
        accounts.add_person(
            parts,
            email=colleague.email,
            password_hash=password_hash,
            full_name=colleague.name,
            role=colleague.role,
            verified=True,
        )
        for colleague in COLLEAGUES
    ]
    return [owner, *(people.get_actor(user.id) for user in users)]


def _staff() -> dict[str, Actor]:
    """Return the demo's people as actors by name. Raises AddressTaken."""
    with transaction():
        account = people.find_account(DEMO_EMAIL)
        assert account is not None
        tenancy.bind(db.session(), account.tenant_id)
        if not people.is_demo():
            raise AddressTaken
        ids: list[UUID] = [
            row["id"] for row in people.list_people(SessionReader(db.session)) if row["is_active"]
        ]
        return {actor.full_name: actor for actor in map(people.get_actor, ids)}
