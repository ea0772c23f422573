"""Request and response bodies shared by billing documents."""
