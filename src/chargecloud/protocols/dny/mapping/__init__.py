"""DNY words against the platform's: the only folder where both appear."""
