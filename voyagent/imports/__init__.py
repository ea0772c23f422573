"""Import of an agency's earlier data from CSV files, each as a whole.

A dry run, which saves nothing, comes first.
"""
