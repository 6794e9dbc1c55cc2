"""DNY / AP3000 two-wheel boards (两轮电单车充电桩): one connection carries a host and up to fifty slaves."""
