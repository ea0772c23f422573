"""Page parts and page flows shared by all billing documents."""
