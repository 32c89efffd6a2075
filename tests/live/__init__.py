"""A small suite against the real API: `make live`. It needs a key and a network, and fails without them; it never skips."""
