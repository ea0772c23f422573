"""Change the settings and the logo of an agency."""
