"""Import data of an agency's previous software from CSV files.

A file is imported completely or not at all. A dry run, which saves nothing, comes first.
"""
