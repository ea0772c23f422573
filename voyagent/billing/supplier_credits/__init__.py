"""Supplier credits: credit notes that the agency receives from suppliers."""
