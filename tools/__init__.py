"""What prepares a computer for the program; nothing here runs with it."""
