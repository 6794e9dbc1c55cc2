"""Alembic migrations; they live beside the composition root because they must see every feature's tables."""
