"""The operator's view of an installation: figures, failed jobs, agencies.

It shows no text of an agency except the agency's name.
"""
