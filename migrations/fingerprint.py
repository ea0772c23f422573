"""The fingerprint of release 0.1's schema: a digest of each table and function.

A database of release 0.1 is marked as being at the baseline, so it must have the schema that the
baseline makes. The digests cover columns, constraints, indexes, triggers, policies and grants. They
leave out what may differ between servers: owners, the order of creation, names of NOT NULL
constraints, and parentheses. For example, `(a and b) and c` comes back from a backup as `a and b
and c`. The bodies of functions are left out too, because the SQL files replace them.

Run as a program, this module prints the fingerprint of a database: `python fingerprint.py URL`.
"""

import sys
from hashlib import md5
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

RELEASE_0_1 = Path(__file__).resolve().parent / "baseline" / "fingerprint_0064.txt"
ROLES = "('voyagent_app'::regrole, 'voyagent_lookup'::regrole)"
DEFINITIONS = f"""
with ours as (
  select oid, nspname, nspacl from pg_namespace where nspname in ('app', 'public')
), tables as (
  select c.* from pg_class c join ours on ours.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'S')
     and c.relname not in ('alembic_version', 'sql_files')
), of_extensions as (
  select objid from pg_depend where deptype = 'e'
), definitions as (
  select 'schema ' || n.nspname as thing,
         'grant ' || g.grantee::regrole || ' ' || g.privilege_type as definition
    from ours n, aclexplode(n.nspacl) g where g.grantee in {ROLES}
  union all
  select 'table ' || t.oid::regclass,
         concat_ws(' ', t.relkind, t.relrowsecurity, t.relforcerowsecurity, t.reloptions)
    from tables t
  union all
  select 'table ' || t.oid::regclass, 'grant ' || g.grantee::regrole || ' ' || g.privilege_type
    from tables t, aclexplode(t.relacl) g where g.grantee in {ROLES}
  union all
  select 'table ' || t.oid::regclass,
         concat_ws(' ', 'column', row_number() over (partition by t.oid order by a.attnum),
                   a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   a.attgenerated, a.attidentity, pg_get_expr(d.adbin, d.adrelid))
    from tables t
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
   where t.relkind <> 'S'
  union all
  select 'table ' || t.oid::regclass,
         concat_ws(' ', 'grant', a.attname, g.grantee::regrole, g.privilege_type)
    from tables t join pg_attribute a on a.attrelid = t.oid, aclexplode(a.attacl) g
   where g.grantee in {ROLES}
  union all
  select 'table ' || t.oid::regclass, concat_ws(' ', k.conname, pg_get_constraintdef(k.oid))
    from tables t join pg_constraint k on k.conrelid = t.oid
   where k.contype in ('p', 'u', 'f', 'c', 'x')
  union all
  select 'table ' || t.oid::regclass, pg_get_indexdef(i.indexrelid)
    from tables t join pg_index i on i.indrelid = t.oid
  union all
  select 'table ' || t.oid::regclass, concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled)
    from tables t join pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal
  union all
  select 'table ' || t.oid::regclass,
         concat_ws(' ', p.policyname, p.permissive, p.roles, p.cmd, p.qual, p.with_check)
    from tables t
    join pg_policies p
      on (p.schemaname, p.tablename) = (t.relnamespace::regnamespace::name, t.relname)
  union all
  select 'function ' || p.oid::regprocedure, concat_ws(' ', p.prokind, p.prosecdef)
    from pg_proc p join ours on ours.oid = p.pronamespace
   where p.oid not in (select objid from of_extensions)
)
select thing, translate(string_agg(definition, E'\\n' order by definition collate "C"), '()', '')
         as definition
  from definitions group by thing order by thing collate "C"
"""


def of(connection: Connection) -> dict[str, str]:
    """Return the digest of each table, function and schema."""
    return {
        row.thing: md5(row.definition.encode(), usedforsecurity=False).hexdigest()
        for row in connection.execute(text(DEFINITIONS))
    }


def differences(connection: Connection) -> list[str]:
    """Name what is missing, added or changed in the database, compared with release 0.1."""
    lines = RELEASE_0_1.read_text().splitlines()
    expected = {thing: digest for digest, thing in (line.split(" ", 1) for line in lines)}
    found = of(connection)
    return sorted(thing for thing in expected | found if expected.get(thing) != found.get(thing))


if __name__ == "__main__":
    with create_engine(sys.argv[1]).connect() as database:
        for thing, digest in of(database).items():
            print(digest, thing)  # noqa: T201
