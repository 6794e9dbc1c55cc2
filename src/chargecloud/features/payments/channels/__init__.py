"""Ways of taking money; each declares itself in a module of its own and is opened in `main/wiring.py`."""
