"""Voyagent, the back office of a travel agency.

`routes` registers all pages and API operations, and `catalogue` lists all capabilities.
"""
