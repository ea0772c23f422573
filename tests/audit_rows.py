"""Audit events as tests read them from the database: with their personal text."""

from __future__ import annotations

EVENTS = """(
  select e.xmin::text as xid, w.*
    from audit_events e
    left join audit_private p on p.tenant_id = e.tenant_id and p.seq = e.seq
   cross join lateral jsonb_populate_record(e, jsonb_build_object(
     'inputs', (e.inputs - 'private') || coalesce(p.parts->'inputs', '{}'),
     'outputs', e.outputs || coalesce(p.parts->'outputs', '{}'))) w
) events"""
"""A subquery to select from instead of the table; `xid` is the transaction of an event."""
