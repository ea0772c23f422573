"""The audit log, which records each act of an agency in a chain of hashes.

An event is recorded in the transaction of its act.
"""
