"""An embedded PostgreSQL server from a wheel, unused with VOYAGENT_DB_URL."""
