"""antiphon: the Python client for the OpenAI API and everything that speaks it."""
