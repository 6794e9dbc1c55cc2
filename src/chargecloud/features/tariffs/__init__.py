"""Tariffs in versions, which stations use them, what charge points hold, and pricing."""
