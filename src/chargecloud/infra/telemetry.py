"""Trace ids, logging and metrics."""

from contextvars import ContextVar

trace_id: ContextVar[str] = ContextVar("trace_id", default="")
"""Follows one request from phone to charge point and back; carried on in outbox and envelope."""
