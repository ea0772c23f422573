"""A PostgreSQL server of our own from a wheel, for a computer that has none; with VOYAGENT_DB_URL
set nothing here runs.
"""
