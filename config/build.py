"""A document in the present form becomes a frozen Config, or a list of sentences about why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from config.migrate import CLASSIC
from config.mistakes import Path, explain, meant, shown
from config.schema import Config

GROUPS = {"sources": "source", "sinks": "sink"}
OUR_PARTS = {"store": "the database", "config": "the configuration"}
"""Names on the Health page that are taken."""


@dataclass(frozen=True)
class Kinds:
    """The kinds of source and sink there are: option models by type, and why some cannot be used here."""

    sources: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    sinks: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    """Type -> reason, such as "needs picamera2, which is not installed"."""


@dataclass(frozen=True)
class Unusable:
    """A source or sink that cannot be started while the rest runs."""

    place: str
    name: str
    type: str
    text: str


@dataclass
class Built:
    """What came of a document. With `sentences` about mistakes the rest is what has none."""

    config: Config = field(default_factory=Config)
    parts: dict[Path, BaseModel] = field(default_factory=dict)
    """Sources and sinks by their place in the document."""
    sentences: dict[Path, str] = field(default_factory=dict)
    unavailable: dict[Path, str] = field(default_factory=dict)


def build(document: dict[str, Any], kinds: Kinds) -> Built:
    """Check everything, so that every mistake is known at once."""
    built = Built()
    rest = {key: value for key, value in document.items() if key not in GROUPS and key != "$schema"}
    for group in GROUPS:
        if group in document:
            _build_group(group, document[group], kinds, built)
    _refuse_names_taken(document, built)
    try:
        sections = Config.model_validate(rest)
    except ValidationError as error:
        found = explain(error.errors(include_url=False), Config, rest, CLASSIC)
        wrong = {path[0] for path in found}
        sections = Config.model_validate({key: value for key, value in rest.items() if key not in wrong})
        built.sentences |= found
    built.config = with_parts(sections, built.parts)
    return built


def with_parts(config: Config, parts: Mapping[Path, BaseModel]) -> Config:
    """`config` with the sources and sinks of `parts`."""
    lists = {group: tuple(part for path, part in parts.items() if path[0] == group) for group in GROUPS}
    return config.model_copy(update=lists)


def _build_group(group: str, listed: Any, kinds: Kinds, built: Built) -> None:
    if not isinstance(listed, list):
        built.sentences[group,] = f"must be a list in [ ], not {shown(listed)}"
        return
    for index, entry in enumerate(listed):
        _build_part((group, index), entry, kinds, built)


def _refuse_names_taken(document: dict[str, Any], built: Built) -> None:
    """Health page, events and push cursors know a source or sink by its name alone."""
    names = dict(OUR_PARTS)
    for group in GROUPS:
        listed = document.get(group)
        for index, entry in enumerate(listed if isinstance(listed, list) else []):
            if not isinstance(entry, dict) or "type" not in entry:
                continue
            name = str(entry.get("name") or entry["type"])
            if name in names:
                built.parts.pop((group, index), None)
                built.sentences.setdefault(
                    (group, index, "name"),
                    f"{names[name]} is called {name} too; give this one another `name`",
                )
            names.setdefault(name, f"{group}[{index}]")


def _build_part(path: Path, entry: Any, kinds: Kinds, built: Built) -> None:
    group = str(path[0])
    known = kinds.sources if group == "sources" else kinds.sinks
    if not isinstance(entry, dict):
        built.sentences[path] = f"must be a group of options in {{ }}, not {shown(entry)}"
        return
    kind = entry.get("type")
    if kind is None:
        built.sentences[*path, "type"] = f"is missing; it is one of {', '.join(sorted(known))}"
    elif kind in kinds.unavailable and kind not in known:
        built.unavailable[path] = kinds.unavailable[kind]
    elif not isinstance(kind, str) or kind not in known:
        built.sentences[*path, "type"] = _unknown_kind(GROUPS[group], kind, list(known))
    else:
        try:
            built.parts[path] = known[kind].model_validate(entry)
        except ValidationError as error:
            for inner, sentence in explain(error.errors(include_url=False), known[kind], entry).items():
                built.sentences[path + inner] = sentence


def _unknown_kind(word: str, kind: Any, known: list[str]) -> str:
    listed = f"the kinds are {', '.join(sorted(known))}" if known else "none is installed"
    near = meant(kind, known) if isinstance(kind, str) else ""
    hint = f"{near} " if near.startswith("did you mean") else ""
    return f"there is no kind of {word} called {shown(kind)}; {hint}{listed}"
