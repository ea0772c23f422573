"""Faults of what the program stands on; what the auditor finds is told as a test's own comparison
is.
"""

import pytest

pytest.register_assert_rewrite("tests.faults.auditor")
