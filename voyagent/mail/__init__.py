"""Outgoing mail: stored with the act that causes it, sent after the commit, retried for a day."""
