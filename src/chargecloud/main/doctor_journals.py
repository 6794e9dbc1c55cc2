"""What the journals of this machine's gateways hold: looked at from outside, because a gateway may be running."""

from collections.abc import Iterator
from pathlib import Path

from chargecloud.infra.journal import UNREADABLE
from chargecloud.infra.journal_segments import SUFFIX
from chargecloud.main.doctor_finding import Finding, fine, note, wrong
from chargecloud.main.role_gateway import JOURNAL_PREFIX
from chargecloud.main.settings import Settings


def journals(settings: Settings) -> Iterator[Finding]:
    """One finding for each journal under the data directory; none before the first gateway has run here."""
    for directory in sorted(settings.data_dir.glob(f"{JOURNAL_PREFIX}*")):
        if directory.is_dir():
            yield from _journal(directory)


def _journal(directory: Path) -> Iterator[Finding]:
    subject = f"journal {directory.name.removeprefix(JOURNAL_PREFIX)}"
    unreadable = directory / UNREADABLE
    if unreadable.exists():
        yield wrong(
            subject,
            f"{unreadable} holds {unreadable.stat().st_size} bytes of confirmed records this version cannot read; "
            "install the newer version that wrote them and report it",
        )
    waiting = [path.name for path in directory.glob(f"*{SUFFIX}")]
    if waiting:
        yield note(
            subject,
            f"{len(waiting)} of its files hold confirmed records the platform may not have yet; they are handed over "
            "while its gateway runs and database and bus answer; do not remove the folder before that",
        )
    elif not unreadable.exists():
        yield fine(subject, "nothing waits in it")
