"""Services of the settings: change the settings and the logo."""
