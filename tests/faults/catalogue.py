"""Catalogue of a database as text, and checksums of every column of every table."""

from __future__ import annotations

from difflib import unified_diff
from itertools import groupby

import sqlalchemy as sa

# Each thing by its kind and name, with all that defines it. What an extension brought is the
# extension's.
_THINGS = """
with ours as (select oid, nspname from pg_namespace where nspname !~ '^pg_'
  and nspname <> 'information_schema'),
of_extensions as (select objid from pg_depend where deptype = 'e')
select 'schema ' || nspname as thing, coalesce((select nspacl::text from pg_namespace n
  where n.oid = ours.oid), '') as definition from ours
union all select 'extension ' || extname, '' from pg_extension
union all select 'relation ' || c.oid::regclass, concat_ws(' ', c.relkind, c.relrowsecurity,
  c.relforcerowsecurity, c.relowner::regrole,
    (select string_agg(a::text, ',' order by a::text) from unnest(c.relacl) a), c.reloptions)
    from pg_class c join ours on ours.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm',
      'S', 'c')
union all select 'column ' || c.oid::regclass || '.' || a.attname, concat_ws(' ',
  row_number() over (partition by c.oid order by a.attnum),
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, a.attidentity,
      pg_get_expr(d.adbin, d.adrelid),
    (select string_agg(x::text, ',' order by x::text) from unnest(a.attacl) x))
    from pg_attribute a join pg_class c on c.oid = a.attrelid join ours on ours.oid = c.relnamespace
    left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum) where a.attnum > 0
      and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'c')
union all select 'constraint ' || coalesce(nullif(conrelid, 0)::regclass::text, '') || '.'
  || conname, pg_get_constraintdef(k.oid)
    from pg_constraint k join ours on ours.oid = k.connamespace
union all select 'index ' || indexrelid::regclass, pg_get_indexdef(indexrelid) from pg_index i
  join pg_class c on c.oid = i.indexrelid
    join ours on ours.oid = c.relnamespace
union all select 'trigger ' || tgrelid::regclass || '.' || tgname, concat_ws(' ',
  pg_get_triggerdef(oid), tgenabled) from pg_trigger where not tgisinternal
union all select 'policy ' || tablename || '.' || policyname, concat_ws(' ', permissive, roles, cmd,
  qual, with_check) from pg_policies
union all select 'function ' || p.oid::regprocedure, concat_ws(' ', pg_get_functiondef(p.oid),
  p.proowner::regrole,
    (select string_agg(a::text, ',' order by a::text) from unnest(p.proacl) a))
    from pg_proc p join ours on ours.oid = p.pronamespace where p.prokind in ('f', 'p')
    and p.oid not in (select objid from of_extensions)
union all select 'type ' || t.oid::regtype, concat_ws(' ', t.typtype,
    (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid))
    from pg_type t join ours on ours.oid = t.typnamespace where t.typtype in ('e', 'd')
    and t.oid not in (select objid from of_extensions)
order by 1
"""
_COLUMNS = """
select c.relname, a.attname, (select string_agg(quote_ident(k.attname), ', ' order by place)
  from pg_index i, unnest(i.indkey) with ordinality u(num, place),
    pg_attribute k where i.indrelid = c.oid and i.indisprimary and k.attrelid = c.oid
      and k.attnum = u.num) as key
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0
  and not a.attisdropped and c.relname <> 'alembic_version'
order by 1, a.attnum
"""


def things(engine: sa.Engine) -> dict[str, str]:
    """Return every database object with its definition and grants.

    Schemas, extensions, tables, columns in order, constraints, indexes, triggers, policies,
    functions, types.
    """
    with engine.connect() as connection:
        return {row.thing: row.definition for row in connection.execute(sa.text(_THINGS))}


def differences(found: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """Return the lines in which two catalogues differ, each under the object's name.

    A minus marks expected lines, a plus found ones. Line breaks in definitions are ignored.
    """
    lines = []
    for name in sorted(found.keys() | wanted.keys()):
        there, should = (_lines(one.get(name, "nothing")) for one in (found, wanted))
        if there != should:
            lines += [
                name,
                *(
                    line
                    for line in unified_diff(should, there, lineterm="", n=0)
                    if not line.startswith(("---", "+++", "@@"))
                ),
            ]
    return lines


def _lines(definition: str) -> list[str]:
    return [" ".join(line.split()) for line in definition.splitlines() if line.strip()]


def checksums(engine: sa.Engine) -> dict[tuple[str, str], tuple[int, str]]:
    """Return row count and checksum of each column's values in key order."""
    found = {}
    with engine.connect() as connection:
        columns = connection.execute(sa.text(_COLUMNS)).all()
        for table, rows in groupby(columns, lambda row: row.relname):
            keys = {row.attname: row.key or f'"{row.attname}"::text' for row in rows}
            sums = ", ".join(
                f"""md5(coalesce(string_agg(
                coalesce("{column}"::text, chr(1)), chr(2) order by {order}), ''))"""
                for column, order in keys.items()
            )
            counted = connection.exec_driver_sql(f'select count(*), {sums} from "{table}"')
            number, *values = counted.one()
            found |= {
                (table, column): (number, value) for column, value in zip(keys, values, strict=True)
            }
    return found
