"""A simulated day of a city's charge points against the real platform, on virtual time; see README.md."""
