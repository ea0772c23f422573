"""Form fields and base classes for the forms of billing documents."""
