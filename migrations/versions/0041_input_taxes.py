"""The tax that suppliers charge on the lines of bills, component by component as it is printed, and what their credit notes take back of it.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

COLUMNS = [
    "alter table bills add column tax_minor bigint not null default 0",
    "alter table bills add constraint ck_bills_tax check (tax_minor >= 0 and tax_minor <= total_minor)",
    "alter table bill_lines add column input_credit boolean not null default false",
    "alter table supplier_credits add column tax_minor bigint not null default 0",
    "alter table supplier_credits add constraint ck_supplier_credits_tax check (tax_minor >= 0 and tax_minor < total_minor)",
]
TABLES = [
    """
    create table bill_taxes (
      tenant_id uuid not null constraint fk_bill_taxes_tenant_id references tenants(id) on delete cascade,
      bill_id uuid not null,
      line_no bigint not null,
      component text not null,
      amount_minor bigint not null,
      constraint pk_bill_taxes primary key (tenant_id, bill_id, line_no, component),
      constraint fk_bill_taxes_line foreign key (tenant_id, bill_id, line_no) references bill_lines(tenant_id, bill_id, line_no) on delete cascade,
      constraint ck_bill_taxes_amount check (amount_minor > 0)
    )
    """,
    """
    create table supplier_credit_taxes (
      tenant_id uuid not null constraint fk_supplier_credit_taxes_tenant_id references tenants(id) on delete cascade,
      supplier_credit_id uuid not null,
      line_no bigint not null,
      component text not null,
      amount_minor bigint not null,
      constraint pk_supplier_credit_taxes primary key (tenant_id, supplier_credit_id, line_no, component),
      constraint fk_supplier_credit_taxes_line foreign key (tenant_id, supplier_credit_id, line_no)
        references supplier_credit_lines(tenant_id, supplier_credit_id, line_no),
      constraint ck_supplier_credit_taxes_amount check (amount_minor > 0)
    )
    """,
]

# The last walls behind the rules: a bill is received with the tax that its rows come to, and of no component more is taken back than was charged.
GUARDS = [
    """
    create function app.guard_bill_tax() returns trigger language plpgsql as $$
    declare
      charged numeric;
    begin
      select coalesce(sum(amount_minor), 0) into charged from bill_taxes where tenant_id = new.tenant_id and bill_id = new.id;
      if charged <> new.tax_minor then
        raise exception 'a bill whose taxes do not add up is not received' using errcode = 'check_violation', constraint = 'ck_bills_taxes';
      end if;
      return new;
    end $$
    """,
    """
    create function app.guard_supplier_credit_tax() returns trigger language plpgsql as $$
    declare
      credited numeric;
      charged bigint;
    begin
      select coalesce(sum(t.amount_minor), 0), max(i.amount_minor) into credited, charged
        from supplier_credits n
        join supplier_credits s on s.tenant_id = n.tenant_id and s.bill_id = n.bill_id
        join supplier_credit_taxes t on t.tenant_id = s.tenant_id and t.supplier_credit_id = s.id and t.line_no = new.line_no and t.component = new.component
        join bill_taxes i on i.tenant_id = n.tenant_id and i.bill_id = n.bill_id and i.line_no = new.line_no and i.component = new.component
       where n.tenant_id = new.tenant_id and n.id = new.supplier_credit_id;
      if charged is null or credited > charged then
        raise exception 'more tax is credited than was charged' using errcode = 'check_violation', constraint = 'ck_supplier_credit_taxes_charged';
      end if;
      return null;
    end $$
    """,
]
TRIGGERS = [
    "create trigger bill_taxes_guarded before insert or update or delete on bill_taxes for each row execute function app.guard_document_line('bill')",
    "create trigger bills_taxed before update on bills for each row"
    " when (old.status = 'draft' and new.status not in ('draft', 'void')) execute function app.guard_bill_tax()",
    "create trigger supplier_credit_taxes_guarded after insert on supplier_credit_taxes for each row execute function app.guard_supplier_credit_tax()",
]

# The account that our postings go by and that older charts lack, beside its code where an agency has taken that for something else.
ACCOUNT = """
insert into accounts (tenant_id, id, code, name, type, normal_side, purpose)
  select t.tenant_id, gen_random_uuid(), case when taken.code is null then '1413' else '1413.T' end, 'Input VAT', 'asset', 'debit', 'input_vat'
    from (select distinct tenant_id from accounts) t
    left join accounts taken on taken.tenant_id = t.tenant_id and taken.code = '1413'
   where not exists (select from accounts a where a.tenant_id = t.tenant_id and a.purpose = 'input_vat')
"""


def upgrade() -> None:
    for statement in COLUMNS + TABLES:
        op.execute(statement)
    tenant_wall("bill_taxes")
    tenant_wall("supplier_credit_taxes", grants="select, insert")
    for statement in [*GUARDS, *TRIGGERS, ACCOUNT]:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger bills_taxed on bills")
    op.execute("drop table supplier_credit_taxes")
    op.execute("drop table bill_taxes")
    op.execute("drop function app.guard_supplier_credit_tax()")
    op.execute("drop function app.guard_bill_tax()")
    op.execute("alter table supplier_credits drop column tax_minor")
    op.execute("alter table bill_lines drop column input_credit")
    op.execute("alter table bills drop column tax_minor")
