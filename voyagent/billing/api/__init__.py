"""The JSON doors of billing, a file for each thing."""
