"""Rules of taxes: tables of law, tax numbers, tax of a line."""
