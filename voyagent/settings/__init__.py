"""What an agency has chosen: locale, zone, currency, limits, four eyes."""
