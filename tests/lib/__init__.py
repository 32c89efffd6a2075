"""Official import paths."""
