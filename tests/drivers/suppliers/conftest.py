"""The sandbox of a test's own installation, at a fixed time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from voyagent.drivers.suppliers import Suppliers, open_suppliers
from voyagent.kernel.config import Settings, load_settings
from voyagent.kernel.keyring import Keyring

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def settings_of(**values: object) -> Settings:
    return load_settings(**{"auth_secret": "s" * 40, "env": "test", **values})


def suppliers_of(**values: object) -> Suppliers:
    settings = settings_of(**values)
    return open_suppliers(settings, Keyring(settings))


@pytest.fixture
def suppliers(now: time_machine.Traveller) -> Suppliers:
    return suppliers_of(supplier_timeout_s=5.0)
