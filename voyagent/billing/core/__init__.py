"""Tables, rules, schemas and pages shared by all billing documents."""
