"""Cost of services that were given and not billed, month by month."""
