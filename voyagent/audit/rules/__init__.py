"""Pure rules of the audit trail: the format and the check of a chain."""
