"""Reads, exports and functions of the database, below the ORM."""
