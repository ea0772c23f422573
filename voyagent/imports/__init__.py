"""Import an agency's earlier data from CSV files, each completely or not at all.

A dry run, which saves nothing, comes first.
"""
