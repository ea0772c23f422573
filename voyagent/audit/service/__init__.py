"""Services of the audit trail: record events and check chains."""
