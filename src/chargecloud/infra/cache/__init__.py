"""What several processes must share quickly and may forget: the directory, rate limits, live fan-out."""
