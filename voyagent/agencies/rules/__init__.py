"""Contents of the file of an agency."""
