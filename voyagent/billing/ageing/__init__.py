"""Reports of receivables, payables and advances, grouped by age and by party."""
