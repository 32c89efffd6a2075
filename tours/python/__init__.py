"""The tour of the official Python package, in both of its colours."""
