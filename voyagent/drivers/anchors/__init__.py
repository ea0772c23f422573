"""Files outside the database that anchor the audit logs."""
