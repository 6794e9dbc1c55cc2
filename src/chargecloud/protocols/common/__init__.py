"""What conversations of several vendors have in common: verbs, limits, lanes of commands; no vendor's word."""
