-- Bind the transaction to an agency and return the person to whom a session or API key belongs.
--
-- One statement authenticates a request: it sets `app.tenant`, by which every row-level policy
-- selects, and then finds the person through those policies. It returns no row for a session that
-- has ended, a revoked token or key, and an inactive person or agency. The last use of a key is
-- stored at most once a minute, without waiting for another request that stores it.
--
-- t: agency, u: user, s: session, j: token id, k: API key or null.

create or replace function app.authenticate(t uuid, u uuid, s uuid, j text, k uuid)
returns table (
  user_id uuid, role text, email text, full_name text, tenant_name text,
  timezone text, locale text, currency text, scopes text[]
)
language plpgsql as $$
begin
  perform set_config('app.tenant', t::text, true);
  if k is null then
    return query
      select x.id, x.role, x.email, x.display_name, a.display_name,
             coalesce(c.timezone, 'UTC'), coalesce(c.locale, 'en'),
             coalesce(c.default_currency, 'INR'), null::text[]
        from users x
        join tenants a on a.id = x.tenant_id
        join auth_sessions z on z.tenant_id = x.tenant_id and z.id = s and z.user_id = x.id
        left join tenant_settings c on c.tenant_id = x.tenant_id
       where x.tenant_id = t and x.id = u and x.is_active and a.is_active
         and z.ended_at is null and z.expires_at > now()
         and not exists (select 1 from revoked_tokens r where r.tenant_id = t and r.token_id = j);
    return;
  end if;
  return query
    select x.id, x.role, x.email, x.display_name, a.display_name,
           coalesce(c.timezone, 'UTC'), coalesce(c.locale, 'en'),
           coalesce(c.default_currency, 'INR'), z.scopes
      from users x
      join tenants a on a.id = x.tenant_id
      join api_keys z on z.tenant_id = x.tenant_id and z.id = k and z.created_by_user_id = x.id
      left join tenant_settings c on c.tenant_id = x.tenant_id
     where x.tenant_id = t and x.id = u and x.is_active and a.is_active
       and z.revoked_at is null and (z.expires_at is null or z.expires_at > now());
  if found then
    update api_keys set last_used_at = now()
     where tenant_id = t and id = (
       select y.id from api_keys y
        where y.tenant_id = t and y.id = k
          and (y.last_used_at is null or y.last_used_at < now() - interval '1 minute')
          for update skip locked);
  end if;
end $$;
