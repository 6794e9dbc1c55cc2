"""Drivers with their cards, vehicles and tokens."""
