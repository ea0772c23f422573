"""Storage of signed statements about the audit logs outside the database."""
