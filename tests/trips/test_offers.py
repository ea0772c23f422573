"""Offers of all agencies are deleted an hour after they expire."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from voyagent.kernel import clock
from voyagent.kernel.db import db
from voyagent.trips.models import SupplierOffer
from voyagent.trips.tasks import sweep_offers


def offer(person: Person, *, expired_for: timedelta) -> object:
    with person.acting():
        made = SupplierOffer(
            kind="flight", supplier="sandbox", payload={}, expires_at=clock.now() - expired_for
        )
        db.session.add(made)
        db.session.flush()
        return made.id


def test_only_long_expired_offers_are_deleted_in_every_agency(
    app: Flask, alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    gone = {
        offer(alice, expired_for=timedelta(minutes=61)),
        offer(charlie, expired_for=timedelta(days=1)),
    }
    stored = {
        offer(alice, expired_for=timedelta(minutes=59)),
        offer(charlie, expired_for=timedelta(minutes=-20)),
    }
    with app.app_context():
        sweep_offers.run(timestamp=0)
    with owner_engine.connect() as connection:
        left = set(connection.scalars(sa.text("select id from supplier_offers")))
    assert stored <= left
    assert not gone & left
