"""Tables of documents about money and of their roll-ups."""
