"""An agency's settings, such as language, currency, limits and documents."""
