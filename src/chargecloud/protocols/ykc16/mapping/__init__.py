"""The border: the only rooms where the vendor's words and the platform's words meet."""
