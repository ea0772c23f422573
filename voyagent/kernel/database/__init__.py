"""Access to the database without the ORM: reads, CSV exports and SQL functions."""
