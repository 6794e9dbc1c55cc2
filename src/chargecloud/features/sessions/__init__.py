"""Charging sessions: from the request to the record, by evidence only."""
