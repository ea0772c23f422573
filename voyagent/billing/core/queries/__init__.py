"""Queries shared by several billing documents."""
