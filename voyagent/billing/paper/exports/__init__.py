"""Spreadsheets of billing documents and their download routes."""
