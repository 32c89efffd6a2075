"""What connections ask of their client, in both colours; imports nothing of the WebSocket library."""

from antiphon.core.url import URL


class Host:
    """What a blocking connection asks of its client."""

    def __init__(self, base_url, websocket_base_url=None, default_query=None):
        self.base_url = URL(base_url)
        self.websocket_base_url = URL(websocket_base_url) if websocket_base_url else None
        self.default_query = default_query or {}
        self.asked = 0

    def websocket_headers(self):
        self.asked += 1
        return {"Authorization": "Bearer sk-very-secret", "OpenAI-Organization": "org-1"}


class AsyncHost(Host):
    async def websocket_headers(self):
        return super().websocket_headers()
