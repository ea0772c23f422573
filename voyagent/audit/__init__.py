"""The audit trail, which records each act in a chain of hashes.

The record is part of the transaction of the act.
"""
