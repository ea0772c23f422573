"""An agency's settings: language, time zone, currency, approval rules, limits and documents."""
