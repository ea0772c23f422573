"""Import data of an agency's previous software from CSV files.

A file is imported completely or not at all. A dry run checks a file and saves nothing.
"""
