"""Check the constraint on the kinds of links to persons, which 0195 replaced.

The release before works with the constraint.

Never edit this file once it has landed.
"""

import recipes

revision = "0196"
down_revision = "0195"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("person_links", "ck_person_links_kind")


def downgrade() -> None:
    pass
