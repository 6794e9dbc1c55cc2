"""Ground floor: money, energy, time, identifiers, messages, errors; standard library and msgspec only."""
