"""Settings every test shares."""

from hypothesis import settings

# A machine shared with other work may stall any example for longer than Hypothesis' default deadline.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
