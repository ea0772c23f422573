"""Services of the audit log: record events and check chains."""
