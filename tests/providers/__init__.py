"""Other houses that serve the API: each behaviour in both colours, against servers on this machine."""
