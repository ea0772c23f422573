"""Tax rules: the rate tables, tax numbers, and the calculation of the tax on an amount."""
