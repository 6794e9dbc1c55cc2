"""Virtual two-wheel boards of the DNY protocol, their chargers and their drivers."""
