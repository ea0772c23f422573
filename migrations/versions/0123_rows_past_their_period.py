"""Index the rows whose retention period is over.

The release before works with these indexes.

Never edit this file once it has landed.
"""

import recipes

revision = "0123"
down_revision = "0122"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_chat_events_created", "chat_events (tenant_id, created_at) where kind <> 'final'"),
    ("ix_chat_turn_steps_finished", "chat_turn_steps (tenant_id, finished_at)"),
    (
        "ix_chat_sessions_last_used",
        "chat_sessions (tenant_id, greatest(last_message_at, created_at))",
    ),
    ("ix_turn_costs_created", "turn_costs (tenant_id, created_at)"),
    ("ix_mails_agency_created", "mails (tenant_id, created_at)"),
    ("ix_auth_sessions_over", "auth_sessions (tenant_id, least(ended_at, expires_at))"),
    ("ix_one_time_tokens_expires", "one_time_tokens (tenant_id, expires_at)"),
    ("ix_invites_expires", "invites (tenant_id, expires_at)"),
    ("ix_revoked_tokens_expires", "revoked_tokens (tenant_id, expires_at)"),
    (
        "ix_enquiries_named",
        "enquiries (tenant_id, updated_at) where customer_name <> '–' or"
        " num_nonnulls(customer_email, customer_phone, origin, destination, notes) > 0",
    ),
    (
        "ix_trip_passengers_passports",
        "trip_passengers (tenant_id, trip_id) where num_nonnulls(date_of_birth, nationality,"
        " passport_sealed, passport_expiry) > 0",
    ),
)


def upgrade() -> None:
    for name, on in INDEXES:
        recipes.create_index(name, on)
    recipes.drop_index("ix_mails_created")


def downgrade() -> None:
    recipes.create_index("ix_mails_created", "mails (created_at)")
    for name, _on in INDEXES:
        recipes.drop_index(name)
