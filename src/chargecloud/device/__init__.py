"""What a charge point can say and be asked, with no vendor in it."""
