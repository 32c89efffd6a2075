"""WebSockets: realtime, live and responses sessions as one pure machine, with a blocking and an asyncio shell.

`session` decides, `blocking` and `asynchronous` perform, `channel` says what each endpoint can be sent; the public names
are in `connection`. Needs the extra `realtime` when a connection is opened, not before.
"""
