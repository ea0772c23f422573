"""Find dates, amounts, people, telephone numbers and places in plain text."""
