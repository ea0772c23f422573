"""Rules shared by several billing documents."""
