"""Reading of dates, amounts, people, phone numbers and places in plain text."""
