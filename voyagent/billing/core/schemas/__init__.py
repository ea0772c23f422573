"""Request and response bodies that billing documents share."""
