"""Page fragments and steps that all billing documents share."""
