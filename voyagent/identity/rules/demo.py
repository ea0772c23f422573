"""E-mail address and password of the demo agency's administrator.

Outside production, one click on the sign-in page signs in as this user.
"""

DEMO_EMAIL = "aisha@malabargulf.example"
DEMO_PASSWORD = "Harbour-lantern-42"  # noqa: S105 - printed at the start for everybody; the page refuses it in production
