"""Services of the demo agency, one module for each kind of data."""
