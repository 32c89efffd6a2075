"""What a user sees of the clients: each behaviour in both colours and over two transports."""
