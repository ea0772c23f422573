"""Administrator of the demo agency, signed in with one click outside production."""

DEMO_EMAIL = "aisha@malabargulf.example"
DEMO_PASSWORD = "Harbour-lantern-42"  # noqa: S105 - printed at the start for everybody; the page refuses it in production
