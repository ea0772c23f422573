"""Connections to the database, its checks, and reads and exports without the ORM."""
