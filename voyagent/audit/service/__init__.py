"""Rules of the audit trail: recording of events, checks of the chain."""
