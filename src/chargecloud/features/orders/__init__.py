"""Orders: a driver's wish to charge, what it cost, and how that was found out."""
