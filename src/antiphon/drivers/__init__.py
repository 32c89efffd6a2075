"""Hands: the only room that sleeps, reads a clock or draws random. Two drivers run the same flows, one in each colour."""
