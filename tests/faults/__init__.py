"""Fault tests of the database, processes, Redis and models."""

import pytest

pytest.register_assert_rewrite("tests.faults.auditor", "tests.faults.load", "tests.faults.server")
