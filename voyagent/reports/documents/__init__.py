"""Reports as PDF, and sentences about their days and filters."""
