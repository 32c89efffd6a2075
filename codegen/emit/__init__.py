"""Python source from the description: one module per kind of file. Writes text, never files."""
