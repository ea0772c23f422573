"""Tax rules: rate tables, tax numbers and the calculation of taxes."""
