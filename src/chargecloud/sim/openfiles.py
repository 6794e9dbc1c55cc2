"""One socket a charge point: the process must be allowed that many open files."""

from collections.abc import Callable

SPARE = 100
"""Files beside the sockets: libraries, ledger, control line."""


def allow_sockets(count: int, tell: Callable[[str], None]) -> None:
    """Raise the process's own limit as far as needed and allowed; say so when that is not far enough."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        tell(f"sim: {count} charge points need {wanted} open files, only {hard} are allowed; raise it with ulimit -n")
