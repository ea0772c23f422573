"""The demo agency's administrator: who is signed in by one click where the installation is not
production.
"""

DEMO_EMAIL = "aisha@malabargulf.example"
DEMO_PASSWORD = "Harbour-lantern-42"  # noqa: S105 - printed at the start for everybody; the page refuses it in production
