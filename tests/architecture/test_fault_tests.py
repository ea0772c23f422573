"""The fault tests, which `make test` does not run, can at least be imported."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests import faults

TESTS = sorted(path.stem for path in Path(faults.__file__).parent.glob("test_*.py"))


@pytest.mark.parametrize("name", TESTS)
def test_a_module_of_the_fault_tests_can_be_imported(name: str) -> None:
    importlib.import_module(f"tests.faults.{name}")
