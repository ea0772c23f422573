"""Whom the agency deals with: customers and suppliers, known by the name that stands on their
documents.
"""
