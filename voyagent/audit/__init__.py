"""Who did what: events written in the transaction of the act, chained so that a change shows."""
