"""Rules of imports: one module for each kind of file, and the import itself."""
