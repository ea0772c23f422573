"""Import of an agency's earlier data from CSV files: whole files only, after a dry run."""
