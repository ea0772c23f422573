"""Rules of trips without database access: values, details of trip lines, warnings."""
