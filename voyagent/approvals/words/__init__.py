"""Labels of arguments and results, and sentences about who may approve."""
