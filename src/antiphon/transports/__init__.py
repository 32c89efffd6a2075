"""Hands for one HTTP exchange: sockets, asyncio streams, memory, ASGI, a borrowed httpx client."""
