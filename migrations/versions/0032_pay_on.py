"""The day on which a received bill is to be paid. It moves while the bill is open, and stays where a payment of it is taken back.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_GUARDED = "'paid_minor', 'credited_minor',"
_WITH_DAY = f"'pay_on', {_GUARDED}"
_REPLACE = """
do $do$
declare
  body text := pg_get_functiondef('app.guard_document()'::regprocedure);
begin
  if position($from${before}$from$ in body) = 0 then
    raise exception 'app.guard_document() is not as it was';
  end if;
  execute replace(body, $from${before}$from$, $to${after}$to$);
end $do$
"""


def upgrade() -> None:
    op.execute(_REPLACE.format(before=_GUARDED, after=_WITH_DAY))
    op.execute("alter table bills add column pay_on date")
    op.execute(
        "alter table bills add constraint ck_bills_pay_on check (case when status = 'scheduled' then pay_on is not null"
        " when status in ('draft', 'received') then pay_on is null else true end and pay_on between issue_date and '2200-12-31')"
    )


def downgrade() -> None:
    op.execute(_REPLACE.format(before=_WITH_DAY, after=_GUARDED))
    op.execute("alter table bills drop column pay_on")
