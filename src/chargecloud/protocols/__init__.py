"""Dialects of charge points: bytes in, events and bytes out; no socket, no clock."""
