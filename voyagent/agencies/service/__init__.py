"""Services: export, import and delete an agency."""
