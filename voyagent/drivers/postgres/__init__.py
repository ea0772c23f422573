"""Embedded PostgreSQL from a Python wheel, used if VOYAGENT_DB_URL is not set."""
