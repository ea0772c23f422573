"""Outgoing mail, which is stored in the caller's transaction and sent later.

It is sent after the commit, and a failed mail is sent again for a day.
"""
