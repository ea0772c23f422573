"""Rules of the settings: changes and the logo."""
