"""Side by side: one row is a server's script, a call, and what differs on purpose; both packages, both colours."""
