"""Store whether a trip is accepted, and the quoted and booked amounts of its lines.

Trips that exist count as accepted, so that reports of past periods keep their figures. A trip that
the release before creates is proposed.

Never edit this file once it has landed.
"""

import recipes

revision = "0157"
down_revision = "0156"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("""
        alter table trips
          add column if not exists decision text,
          add column if not exists accepted_at timestamptz default now();
        alter table trips alter column accepted_at set default null;
        alter table trips drop constraint if exists ck_trips_decision;
        alter table trips add constraint ck_trips_decision
          check (decision in ('accepted', 'declined', 'cancelled')) not valid;
        alter table trips drop constraint if exists ck_trips_accepted;
        alter table trips add constraint ck_trips_accepted
          check (accepted_at is not null or decision is distinct from 'accepted') not valid;
    """)
    recipes.change("""
        alter table trip_lines
          add column if not exists quoted_cost_minor bigint,
          add column if not exists quoted_price_minor bigint,
          add column if not exists booked_cost_minor bigint,
          add column if not exists party_id uuid;
        alter table trip_lines drop constraint if exists ck_trip_lines_quoted;
        alter table trip_lines add constraint ck_trip_lines_quoted
          check (num_nonnulls(quoted_cost_minor, quoted_price_minor) in (0, 2)) not valid;
        alter table trip_lines drop constraint if exists fk_trip_lines_party;
        alter table trip_lines add constraint fk_trip_lines_party
          foreign key (tenant_id, party_id) references parties (tenant_id, id) not valid;
    """)


def downgrade() -> None:
    recipes.change("alter table trips drop column if exists decision")
    recipes.change("alter table trips drop column if exists accepted_at")
    recipes.change("""
        alter table trip_lines
          drop column if exists quoted_cost_minor,
          drop column if exists quoted_price_minor,
          drop column if exists booked_cost_minor,
          drop column if exists party_id;
    """)
