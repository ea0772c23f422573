"""Taxes on the lines of invoices, component by component, with the row of the tables that each comes from; and what a credit note takes back of them.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

COLUMNS = [
    "alter table invoices add column tax_minor bigint not null default 0, add column place_of_supply text, add column customer_tax_number text,"
    " add column customer_pan text",
    "alter table invoices add constraint ck_invoices_tax check (tax_minor >= 0 and tax_minor <= total_minor)",
    "alter table invoices add constraint ck_invoices_place check (place_of_supply ~ '^[A-Z0-9]{1,3}$')",
    "create index ix_invoices_pan on invoices (tenant_id, customer_pan, issue_date) where customer_pan is not null",
    "alter table invoice_lines add column tax text, add column collection text, add column basic_fare_minor bigint, add column service_date date",
    "alter table invoice_lines add column sold_as text not null default 'principal'",
    "alter table invoice_lines add constraint ck_invoice_lines_sold_as check (sold_as in ('principal', 'agent', 'fee'))",
    "alter table invoice_lines add constraint ck_invoice_lines_fare check (basic_fare_minor between 0 and amount_minor)",
    "alter table credit_notes add column tax_minor bigint not null default 0",
    "alter table credit_notes add constraint ck_credit_notes_tax check (tax_minor >= 0 and tax_minor < total_minor)",
]
TABLES = [
    """
    create table invoice_taxes (
      tenant_id uuid not null constraint fk_invoice_taxes_tenant_id references tenants(id) on delete cascade,
      invoice_id uuid not null,
      line_no bigint not null,
      component text not null,
      percent numeric(6, 3) not null,
      taxable_minor bigint not null,
      amount_minor bigint not null,
      source text not null,
      confirmed boolean not null,
      constraint pk_invoice_taxes primary key (tenant_id, invoice_id, line_no, component),
      constraint fk_invoice_taxes_line foreign key (tenant_id, invoice_id, line_no)
        references invoice_lines(tenant_id, invoice_id, line_no) on delete cascade,
      constraint ck_invoice_taxes_amount check (percent > 0 and taxable_minor >= 0 and amount_minor between 0 and taxable_minor)
    )
    """,
    """
    create table credit_note_taxes (
      tenant_id uuid not null constraint fk_credit_note_taxes_tenant_id references tenants(id) on delete cascade,
      credit_note_id uuid not null,
      line_no bigint not null,
      component text not null,
      amount_minor bigint not null,
      constraint pk_credit_note_taxes primary key (tenant_id, credit_note_id, line_no, component),
      constraint fk_credit_note_taxes_line foreign key (tenant_id, credit_note_id, line_no)
        references credit_note_lines(tenant_id, credit_note_id, line_no),
      constraint ck_credit_note_taxes_amount check (amount_minor > 0)
    )
    """,
]
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
_LINES_ALONE = "if lines_minor <> new.total_minor then"
_WITH_TAX = (
    "if lines_minor + coalesce((to_jsonb(new)->>'tax_minor')::numeric, 0) <> new.total_minor then"
)

# The last walls behind the rules: an invoice is issued with the tax that its rows come to, and of no component more is taken back than was charged.
GUARDS = [
    """
    create function app.guard_invoice_tax() returns trigger language plpgsql as $$
    declare
      charged numeric;
    begin
      select coalesce(sum(amount_minor), 0) into charged from invoice_taxes where tenant_id = new.tenant_id and invoice_id = new.id;
      if charged <> new.tax_minor then
        raise exception 'an invoice whose taxes do not add up is not issued' using errcode = 'check_violation', constraint = 'ck_invoices_taxes';
      end if;
      return new;
    end $$
    """,
    """
    create function app.guard_credit_tax() returns trigger language plpgsql as $$
    declare
      credited numeric;
      charged bigint;
    begin
      select coalesce(sum(t.amount_minor), 0), max(i.amount_minor) into credited, charged
        from credit_notes n
        join credit_notes s on s.tenant_id = n.tenant_id and s.invoice_id = n.invoice_id
        join credit_note_taxes t on t.tenant_id = s.tenant_id and t.credit_note_id = s.id and t.line_no = new.line_no and t.component = new.component
        join invoice_taxes i on i.tenant_id = n.tenant_id and i.invoice_id = n.invoice_id and i.line_no = new.line_no and i.component = new.component
       where n.tenant_id = new.tenant_id and n.id = new.credit_note_id;
      if charged is null or credited > charged then
        raise exception 'more tax is credited than was charged' using errcode = 'check_violation', constraint = 'ck_credit_note_taxes_charged';
      end if;
      return null;
    end $$
    """,
]
TRIGGERS = [
    "create trigger invoice_taxes_guarded before insert or update or delete on invoice_taxes for each row execute function app.guard_document_line('invoice')",
    "create trigger invoices_taxed before update on invoices for each row"
    " when (old.status = 'draft' and new.status not in ('draft', 'void')) execute function app.guard_invoice_tax()",
    "create trigger credit_note_taxes_guarded after insert on credit_note_taxes for each row execute function app.guard_credit_tax()",
]

# Accounts that our postings go by and that older charts lack, beside their codes where an agency has taken those for something else.
ACCOUNTS = """
insert into accounts (tenant_id, id, code, name, type, normal_side, purpose)
  select t.tenant_id, gen_random_uuid(), case when taken.code is null then wanted.code else wanted.code || '.T' end, wanted.name, 'liability', 'credit',
         wanted.purpose
    from (select distinct tenant_id from accounts) t
    cross join (
      values ('2160', 'Held for suppliers, as their agent', 'held_for_suppliers'), ('2320', 'Output VAT', 'output_vat')
    ) wanted (code, name, purpose)
    left join accounts taken on taken.tenant_id = t.tenant_id and taken.code = wanted.code
   where not exists (select from accounts a where a.tenant_id = t.tenant_id and a.purpose = wanted.purpose)
"""


def upgrade() -> None:
    for statement in COLUMNS + TABLES:
        op.execute(statement)
    tenant_wall("invoice_taxes")
    tenant_wall("credit_note_taxes", grants="select, insert")
    op.execute(_REPLACE.format(before=_LINES_ALONE, after=_WITH_TAX))
    for statement in [*GUARDS, *TRIGGERS, ACCOUNTS]:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger invoices_taxed on invoices")
    op.execute("drop table credit_note_taxes")
    op.execute("drop table invoice_taxes")
    op.execute("drop function app.guard_credit_tax()")
    op.execute("drop function app.guard_invoice_tax()")
    op.execute(_REPLACE.format(before=_WITH_TAX, after=_LINES_ALONE))
    op.execute("alter table credit_notes drop column tax_minor")
    op.execute(
        "alter table invoice_lines drop column tax, drop column collection, drop column basic_fare_minor, drop column service_date, drop column sold_as"
    )
    op.execute(
        "alter table invoices drop column tax_minor, drop column place_of_supply, drop column customer_tax_number, drop column customer_pan"
    )
