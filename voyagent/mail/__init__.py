"""Outgoing mail, which is stored in the caller's transaction and sent later.

A mail is sent after the commit. If sending fails, the worker tries again for about a day.
"""
