"""Rules and shapes that all billing documents share."""
