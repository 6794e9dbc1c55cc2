"""Payments through providers: top-ups, prepayments, refunds, notices and the daily comparison with their bills."""
