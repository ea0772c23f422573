"""Tables of billing documents and payments, and of their roll-ups."""
