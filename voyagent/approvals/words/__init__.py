"""Labels of proposals: arguments, results, approvers."""
