"""Tours: other people's packages walk through every family of the emulator, and every result is asserted."""
