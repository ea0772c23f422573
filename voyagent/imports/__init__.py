"""Import of an agency's earlier data from whole CSV files.

A dry run comes first.
"""
