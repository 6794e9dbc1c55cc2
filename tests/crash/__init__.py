"""kill -9 of the real process under load: no confirmed record lost, none settled twice, the ledger sums to zero."""
