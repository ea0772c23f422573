"""Check the constraints on accepted trips and their lines, which 0157 added.

The release before works with the constraints.

Never edit this file once it has landed.
"""

import recipes

revision = "0158"
down_revision = "0157"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("trips", "ck_trips_decision")
    recipes.validate("trips", "ck_trips_accepted")
    recipes.validate("trip_lines", "ck_trip_lines_quoted")
    recipes.validate("trip_lines", "fk_trip_lines_party")


def downgrade() -> None:
    """Do nothing: the constraints stay until 0157 is undone."""
