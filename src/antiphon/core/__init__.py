"""Knowledge: what the API and its wire mean, as values and pure functions. No I/O, no clock, no sleep."""
