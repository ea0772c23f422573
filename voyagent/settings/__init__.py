"""An agency's settings: locale, time zone, currency, limits, four eyes."""
