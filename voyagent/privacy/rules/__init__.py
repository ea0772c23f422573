"""Rules of personal data: the register of tables, and retention periods."""
