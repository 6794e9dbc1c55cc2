"""Technology: database, bus, cache, HTTP, schedule, telemetry. A contract exists where there are two adapters."""
