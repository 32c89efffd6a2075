"""Machines: arithmetic over numbers and timestamps, to be read and tested as tables."""
