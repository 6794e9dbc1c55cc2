"""Virtual charge points speaking the real protocols: for the demo, for end-to-end tests, for load."""
