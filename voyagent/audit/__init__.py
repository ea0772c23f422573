"""The audit trail: each act is recorded in its own transaction, in a chain of hashes."""
