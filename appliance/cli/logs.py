"""Where log lines go: the journal (standard error), and a file when the owner names one."""

import logging
import logging.handlers
import os
import sys
from pathlib import Path

FILE_BYTES = 2_000_000
FILES = 5
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

log = logging.getLogger(__name__)


class JournalFormatter(logging.Formatter):
    """`<priority>text`, as sd-daemon(3) wants it: the journal adds the time itself."""

    def format(self, record: logging.LogRecord) -> str:
        number = next((number for level, number in PRIORITIES if record.levelno >= level), 7)
        # Each line counts as a message of its own there, a traceback as many.
        return "\n".join(f"<{number}>{line}" for line in super().format(record).splitlines())


def start(level: str, file: Path | None) -> None:
    """Log from `level` on to standard error and to `file` (5 files of 2 MB); never raises for the file."""
    full = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(
        JournalFormatter("%(name)s: %(message)s") if "JOURNAL_STREAM" in os.environ else full
    )
    logging.basicConfig(level=level, handlers=[console], force=True)
    if level != "DEBUG":
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        rotating = logging.handlers.RotatingFileHandler(
            file, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8"
        )
    except OSError as error:
        log.warning("No log is written to %s (%s): change logging.log_file", file, error.strerror)
        return
    rotating.setFormatter(full)
    logging.getLogger().addHandler(rotating)
