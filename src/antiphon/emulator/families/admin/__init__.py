"""The organisation's own affairs: one file for each kind of thing it has."""
