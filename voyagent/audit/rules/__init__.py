"""The format of an audit chain and its verification, without database access."""
