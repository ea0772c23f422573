"""The search of the invoice list a page at a time, behind the last row of the page before.

Never edit this file once it has landed.
"""

from alembic import op
from walls import lookup_function

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# As `find_invoices`, which counts and skips for the page; this one is for programs: a page costs the same at any depth, and nothing is counted. `q` is a
# pattern with % _ and \ escaped; the other arguments narrow where they are not null. Without three letters in a row only `looked_max` rows behind the place
# are looked at.
SIGNATURE = (
    "find_invoices_behind(q text, states text[], party text, issued_from date, issued_to date, behind date, behind_id uuid, n int, looked_max int)"
    " returns table(id uuid) rows 50"
)
BODY = """
declare
  source text := 'invoices';
  wanted text := 'tenant_id = $1 and search like lower($2)';
  further text := '';
begin
  if behind is not null then further := ' and (issue_date, id) < ($7, $8)'; end if;
  if issued_to is not null then further := further || ' and issue_date <= $6'; end if;
  if looked_max is not null then
    source := '(select tenant_id, id, search, status, party_key, issue_date from invoices
                where tenant_id = $1' || further || ' order by issue_date desc, id desc limit $10) newest';
  end if;
  wanted := wanted || further;
  if states is not null then wanted := wanted || ' and status = any($3)'; end if;
  if party is not null then wanted := wanted || ' and party_key = lower($4)'; end if;
  if issued_from is not null then wanted := wanted || ' and issue_date >= $5'; end if;
  return query execute 'select id from ' || source || ' where ' || wanted || ' order by issue_date desc, id desc limit $9'
    using current_setting('app.tenant')::uuid, q, states, party, issued_from, issued_to, behind, behind_id, n, looked_max;
end
"""


def upgrade() -> None:
    lookup_function(SIGNATURE, BODY)


def downgrade() -> None:
    op.execute(
        "drop function app.find_invoices_behind(text, text[], text, date, date, date, uuid, int, int)"
    )
