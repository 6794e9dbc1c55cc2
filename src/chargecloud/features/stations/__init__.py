"""Stations, charge points and connectors: what stands where, who is connected, and what it says of itself."""
