"""The audit trail: events written in the transaction of the act, chained by hashes."""
