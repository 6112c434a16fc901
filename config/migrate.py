"""Older forms of config.json become the present one, in memory.

Version 1 is the file of the classic meter reader: one camera, one central store, in the sections camera,
ocr, lighting, storage and upload. They keep their meaning in a file of any version, also next to `sources`.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

from config.mistakes import Mistake, Path, shown
from config.schema import VERSION

CLASSIC = ("camera", "ocr", "lighting", "storage", "upload")
CAMERA, PUSH = "camera_meter", "push"


@dataclass
class Migrated:
    """A document in the present form, and for each moved option the place it had before."""

    document: dict[str, Any]
    origins: dict[Path, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    changed: bool = False

    def origin(self, path: Path) -> Path:
        """Where the option now at `path` stands in the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]] + path[length:]
        return path


def migrate(document: dict[str, Any]) -> Migrated:
    """`document` in the present form; the argument stays as it is."""
    done = Migrated(copy.deepcopy(document))
    version = done.document.get("version", VERSION)
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        done.mistakes.append(
            Mistake(
                "version",
                f"this file is of version {version}, made by a newer Tallywatt; this one understands up to "
                f"{VERSION}. Update Tallywatt, or put back your copy of the older file",
            )
        )
    elif version != 1 and version != VERSION:
        done.mistakes.append(Mistake("version", f"must be {VERSION}, not {shown(version)}"))
    done.document = {"version": VERSION} | done.document | {"version": VERSION}
    done.changed = version == 1
    sections = {name: done.document.pop(name) for name in CLASSIC if name in done.document}
    if sections:
        done.changed = True
        _fold(sections, done)
    return done


def present_place(path: Path, done: Migrated) -> Path | None:
    """Where an option of a classic section stands now; None for a section as a whole, or one not there."""
    section = path[0]
    if len(path) == 1:
        return None
    group, kind = ("sinks", PUSH) if section == "upload" else ("sources", CAMERA)
    for _, entry_path in _entries(done, group, kind)[:1]:
        return entry_path + (path if section == "lighting" else path[1:])
    return None


def _fold(sections: dict[str, Any], done: Migrated) -> None:
    """Turn the classic sections into a camera source and a push sink."""
    for name, section in list(sections.items()):
        if not isinstance(section, dict):
            text = f"must be a group of options in {{ }}, not {shown(section)}"
            done.mistakes.append(Mistake(name, text))
            del sections[name]
    if "upload" in sections:
        entry, path = _new_entry(done, "sinks", PUSH, "upload")
        _take(sections.pop("upload"), "upload", entry, path, done)
    if sections:
        _fold_camera(sections, done)


def _fold_camera(sections: dict[str, Any], done: Migrated) -> None:
    """`camera` is a source of its own; without it the other sections speak of the cameras listed."""
    listed = _entries(done, "sources", CAMERA)
    if "camera" in sections or ("ocr" in sections and not listed):
        listed = [_new_entry(done, "sources", CAMERA, "camera")]
    elif not listed:
        done.notes.append(
            f"{' and '.join(sections)}: there is no camera these options could be about; they do nothing"
        )
    for entry, path in listed:
        for name, section in sections.items():
            if name == "lighting":
                _take({name: section}, None, entry, path, done)
            else:
                _take(section, name, entry, path, done)


def _take(
    section: dict[str, Any], name: str | None, entry: dict[str, Any], path: Path, done: Migrated
) -> None:
    """Copy options into an entry; what the entry says itself wins."""
    if name is not None:
        done.origins.setdefault(path, (name,))
    for key, value in section.items():
        if key not in entry:
            entry[key] = copy.deepcopy(value)
            done.origins[(*path, key)] = (key,) if name is None else (name, key)


def _entries(done: Migrated, group: str, kind: str) -> list[tuple[dict[str, Any], Path]]:
    listed = done.document.get(group)
    if not isinstance(listed, list):
        return []
    return [
        (entry, (group, index))
        for index, entry in enumerate(listed)
        if isinstance(entry, dict) and entry.get("type") == kind
    ]


def _new_entry(done: Migrated, group: str, kind: str, other_name: str) -> tuple[dict[str, Any], Path]:
    """A fresh entry of `kind` at the end of a list, under another name where the usual one is taken."""
    listed = done.document.setdefault(group, [])
    entry: dict[str, Any] = {"type": kind}
    if not isinstance(listed, list):
        return entry, (group, 0)
    taken = {known.get("name") or known.get("type") for known in listed if isinstance(known, dict)}
    if kind in taken:
        entry["name"] = other_name
    listed.append(entry)
    return entry, (group, len(listed) - 1)
