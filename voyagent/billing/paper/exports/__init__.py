"""Spreadsheets of billing documents, and the routes of all document files."""
