"""The differences that are meant, module by module as the rows: where, what each package does, and why."""
