"""Outgoing mail: stored in the caller's transaction, sent after commit, retried for a day."""
