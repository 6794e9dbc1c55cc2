"""Fonts that are embedded into what the platform prints; README.md says where they come from."""
