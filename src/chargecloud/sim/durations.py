"""Lengths of time as people write them: `45s`, `20m`, `1.5h`, or plain seconds."""

import math

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Seconds; ValueError says how to write it."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    try:
        seconds = float(number) * _UNITS[unit]
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"duration {text!r}: write a number with s, m or h, such as 20m")
    return seconds
