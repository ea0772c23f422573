"""Services of imports: `files` imports a file, the other modules each handle kinds of file."""
