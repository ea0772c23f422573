"""Pure rules of imports: CSV tables and types of cells."""
