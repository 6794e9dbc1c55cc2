"""What went wrong and is not mended yet, one open alarm a cause."""
