"""Pure rules of trips: values, details of lines, warnings."""
