"""Form fields and base forms of billing documents."""
