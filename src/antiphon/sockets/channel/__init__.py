"""One module per WebSocket endpoint of the API and colour, each loaded when it is first used."""
