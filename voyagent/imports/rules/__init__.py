"""Rules of imports without database access: CSV parsing and types of cells."""
