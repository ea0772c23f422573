"""The numbers of papers as people say them: an invoice's of a series and year, and what stands on a supplier's bill."""

from __future__ import annotations

import re

INVOICE = re.compile(r"\b\d{4}(?:-\d{2})?/\d{1,6}\b")
"""`2026-27/000012`."""
BILL = re.compile(r"\b(?:bill|invoice|number|no\.?|ref(?:erence)?)\s*(?:no\.?|number|#)?\s*(?P<ref>(?=[\w/-]*\d)[A-Za-z0-9][\w/-]{1,40})\b", re.IGNORECASE)
"""Behind a word that says what it is: `bill 4711`."""
BARE_BILL = re.compile(r"(?<![\w,.])(?P<ref>(?=[A-Za-z0-9/-]*[A-Za-z])(?=[A-Za-z0-9/-]*\d)[A-Za-z]{1,8}[-/][A-Za-z0-9/-]{1,40})\b", re.IGNORECASE)
"""By itself, with letters before a stroke: `CRE-0044`."""
