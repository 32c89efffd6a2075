"""Keys: where they come from, that a new one is taken up without a failed request, and that none is ever written down."""
