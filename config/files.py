"""Files that are never half written: a power cut leaves the old content or the new, nothing between."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path


def write_atomic(path: Path, content: bytes, mode: int | None = None) -> None:
    """Replace `path` with `content` in one step that survives a power cut.

    Written beside, flushed to the card, renamed over, and the folder flushed too: without the last step
    the name may still point at nothing after a power cut. `mode` are the permission bits; left out, those
    of the present file are kept (0644 for a new one). A symbolic link stays one. Raises OSError.
    """
    target = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            _take_after(file.fileno(), target, mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    sync_folder(target.parent)


def hand_over(path: Path) -> None:
    """Give what root made in somebody else's folder (by `sudo`, say) to whom the folder belongs: else the
    daemon could not write to it. Raises OSError."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        with contextlib.suppress(PermissionError):  # not every file system lets root
            os.chown(path, folder.st_uid, folder.st_gid)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` as lasting as the files' contents. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _take_after(handle: int, target: Path, mode: int | None) -> None:
    """Give the new file the permissions and, where we may, the owner of the one it replaces."""
    try:
        present = target.stat()
    except FileNotFoundError:
        os.fchmod(handle, 0o644 if mode is None else mode)
        return
    # Only root may give a file away; for everybody else the writer owns it, as with any editor.
    with contextlib.suppress(PermissionError):
        os.fchown(handle, present.st_uid, present.st_gid)
    os.fchmod(handle, stat.S_IMODE(present.st_mode) if mode is None else mode)
