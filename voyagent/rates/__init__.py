"""Exchange rates of an agency: enter them, and find the rate of a day."""
