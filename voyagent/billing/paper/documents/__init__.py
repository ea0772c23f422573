"""PDF files of billing documents."""
