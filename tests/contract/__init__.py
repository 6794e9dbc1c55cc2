"""One suite for each seam; every twin inherits it."""
