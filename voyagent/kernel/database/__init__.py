"""What the program does with the database itself."""
