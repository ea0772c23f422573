"""PDF versions of billing documents."""
