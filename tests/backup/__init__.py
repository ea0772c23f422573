"""Backup, restore and release."""
