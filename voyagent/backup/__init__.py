"""Backup of an installation to one file, its restore, and its release."""
