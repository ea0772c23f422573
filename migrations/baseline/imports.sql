-- Files that were imported, so that the same file is never imported twice.

create table imports (
  tenant_id uuid not null constraint fk_imports_tenant_id references tenants(id) on delete cascade,
  id uuid not null,
  kind text not null,
  digest text not null,
  row_count bigint not null,
  effective_on date,
  created_by_user_id uuid,
  created_at timestamptz not null default now(),
  constraint pk_imports primary key (tenant_id, id),
  constraint uq_imports_digest unique (tenant_id, kind, digest),
  constraint fk_imports_creator
    foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
  constraint ck_imports_digest check (digest ~ '^[0-9a-f]{64}$'),
  constraint ck_imports_rows check (row_count > 0)
);
