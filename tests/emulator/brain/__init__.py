"""The emulator, room by room and from outside."""
