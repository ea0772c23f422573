"""Make a backup, restore it, and release a restored installation."""
