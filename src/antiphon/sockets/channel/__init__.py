"""One module per WebSocket endpoint of the API, each loaded when it is first used."""
