"""`config.json` as a whole: read, migrate, override from the environment, check, freeze; and save."""

import datetime
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from config.build import Kinds, Unusable, build, with_parts
from config.environment import Override, overridden, overrides
from config.files import write_atomic
from config.migrate import CLASSIC, Migrated, migrate, present_place
from config.mistakes import ConfigProblem, Mistake, written
from config.mistakes import Path as Place
from config.schema import Config
from config.secrets import MARK, SecretBox, SecretError, at, opened, seal_all, secrets_in
from config.text import TextMistake, decoded, parsed, placed


@dataclass(frozen=True)
class Loaded:
    """A configuration that can be used, and what has to be said about it."""

    config: Config
    path: Path
    document: dict[str, Any]
    """What the file holds, in the present form, without overrides; give a changed copy to `save`."""
    notes: tuple[str, ...] = ()
    """Sentences worth telling the owner."""
    problems: tuple[Unusable, ...] = ()
    """Sources and sinks that cannot be started; they are not in `config`."""
    migrated: bool = False
    """The file has an older form; it is rewritten when something is saved."""
    overridden: Mapping[str, str] = field(default_factory=dict)
    """Option -> environment variable that decides it, whatever the file says."""
    secrets: tuple[Place, ...] = ()
    """Places of secrets in `document`: never show what stands there."""


class ConfigFile:
    """One config.json: where it is, which kinds it may speak of, and where its key lies.

    `data_dir` holds the key for secrets; without it (a mere check) sealed secrets stay sealed.
    """

    def __init__(
        self,
        path: Path,
        kinds: Kinds,
        data_dir: Path | None = None,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        self.path = path
        self._kinds = kinds
        self._env = env
        self._box = SecretBox(data_dir, env) if data_dir else None
        self._seen: bytes | None = None

    def load(self, missing_ok: bool = False) -> Loaded:
        """The configuration in the file. Raises ConfigProblem with every mistake in it.

        With `missing_ok` a file that is not there counts as an empty one.
        """
        content = self._read(missing_ok)
        try:
            text = decoded(content)
            document = parsed(text)
        except TextMistake as error:
            raise ConfigProblem(str(self.path), [error.mistake]) from None
        lines, twice = placed(text)
        if twice:
            raise ConfigProblem(str(self.path), twice)
        loaded = self._understood(document, lines)
        self._seen = content
        return loaded

    def save(self, document: Mapping[str, Any]) -> Loaded:
        """Check `document` (the present form, without overrides), write it atomically and load it.

        Secrets in plain text are sealed; a file of an older form is kept beside as `config.json.v1-DATE`.
        Raises ConfigProblem when it is wrong, cannot be written, or the file was changed since `load`.
        """
        loaded = self._understood(dict(document), {})
        before = self.path.read_bytes() if self.path.exists() else None
        if before is not None and self._seen is not None and before != self._seen:
            raise self._problem("the file was changed by someone else meanwhile; look at it, then try again")
        try:
            sealed = seal_all(loaded.document, loaded.secrets, self._box)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if before is not None:
                self._keep_older(before)
            write_atomic(self.path, (json.dumps(sealed, indent=2, ensure_ascii=False) + "\n").encode())
        except (OSError, SecretError) as error:
            raise self._problem(f"cannot be saved: {error}") from None
        return self.load()

    def _read(self, missing_ok: bool) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            if missing_ok:
                return b"{}"
            raise self._problem("there is no such file") from None
        except OSError as error:
            raise self._problem(f"the file cannot be read: {error.strerror}") from None

    def _problem(self, text: str) -> ConfigProblem:
        return ConfigProblem(str(self.path), [Mistake("", text)])

    def _understood(self, document: dict[str, Any], lines: Mapping[Place, int]) -> Loaded:
        plain = migrate(document)
        attempt = _Attempt(document, plain, list(overrides(self._env)), self._kinds)
        loaded = Loaded(
            config=attempt.built.config,
            path=self.path,
            document=plain.document,
            notes=tuple(attempt.done.notes),
            problems=tuple(
                _unusable(path, attempt.final, text) for path, text in attempt.built.unavailable.items()
            ),
            migrated=plain.changed,
            overridden={written(o.path): o.variable for o in attempt.late},
        )
        loaded = self._with_secrets(loaded, attempt.built.parts)
        mistakes = attempt.mistakes(lines)
        if mistakes:
            raise ConfigProblem(str(self.path), mistakes, loaded.config)
        return loaded

    def _with_secrets(self, loaded: Loaded, parts: Mapping[Place, BaseModel]) -> Loaded:
        """Open the sealed secrets; a part whose secret cannot be opened is left out, with its reason."""
        places, notes, problems = [], list(loaded.notes), list(loaded.problems)
        usable: dict[Place, BaseModel] = {}
        for path, part in parts.items():
            for inner, secret in secrets_in(part, path):
                places.append(inner)
                text = secret.get_secret_value()
                if text and not text.startswith(MARK) and written(inner) not in loaded.overridden:
                    notes.append(f"{written(inner)} is in plain text; saving any setting encrypts it")
            try:
                usable[path] = part if self._box is None else opened(part, self._box)
            except SecretError as error:
                entry = {"name": getattr(part, "name", ""), "type": getattr(part, "type", "")}
                problems.append(_unusable(path, {path[0]: {path[1]: entry}}, f"has a secret, but {error}"))
        return replace(
            loaded,
            config=with_parts(loaded.config, usable),
            notes=tuple(notes),
            problems=tuple(problems),
            secrets=tuple(places),
        )

    def _keep_older(self, content: bytes) -> None:
        """Copy a file of an older form beside itself before it is replaced."""
        try:
            changed = migrate(parsed(decoded(content))).changed
        except TextMistake:
            changed = True
        today = datetime.date.today().isoformat()
        copy = self.path.with_name(f"{self.path.name}.v1-{today}")
        if changed and not copy.exists():
            write_atomic(copy, content, mode=self.path.stat().st_mode & 0o777)


class _Attempt:
    """One try at understanding a document together with its overrides."""

    def __init__(
        self, document: dict[str, Any], plain: Migrated, chosen: list[Override], kinds: Kinds
    ) -> None:
        # A classic section that nobody wrote comes to be by its override; others have a place by now.
        early = [o for o in chosen if o.path[0] in CLASSIC and present_place(o.path, plain) is None]
        effective, misfits = overridden(document, early)
        self.done = migrate(effective)
        placed_now = [(o, self._place(o.path)) for o in chosen]
        self.late = [replace(o, path=place) for o, place in placed_now if place]
        self.final, more = overridden(self.done.document, self.late)
        self.built = build(self.final, kinds)
        # A token made of digits parses as a number: where text is wanted, take the variable as it stands.
        as_text = [replace(o, raw=True) if self._wants_text(o) else o for o in self.late]
        if as_text != self.late:
            self.final, more = overridden(self.final, as_text)
            self.built = build(self.final, kinds)
        self.misfits = misfits + more

    def _place(self, path: Place) -> Place | None:
        return present_place(path, self.done) if path[0] in CLASSIC else path

    def _wants_text(self, override: Override) -> bool:
        sentence = self.built.sentences.get(override.path, "")
        return not isinstance(override.value, str) and sentence.startswith("must be text")

    def mistakes(self, lines: Mapping[Place, int]) -> list[Mistake]:
        """Every mistake at its place in the file, or with the variable it comes from."""
        found = [replace(m, line=lines.get((m.place,))) for m in self.done.mistakes]
        told = {m.place for m in found}
        for path, sentence in self.built.sentences.items():
            spot = self.done.origin(path)
            variable = self._blamed(path)
            if variable:
                found.append(Mistake(written(path), f"{sentence} (from {variable})"))
            elif written(spot) not in told:
                found.append(Mistake(written(spot), sentence, _line(spot, lines)))
        return self.misfits + sorted(found, key=lambda m: m.line or 0)

    def _blamed(self, path: Place) -> str | None:
        """The variable that put there what is wrong at `path`, if one did."""
        told = at(self.done.document, path) is not None
        for override in self.late:
            if path[: len(override.path)] == override.path:
                return override.variable
            if not told and override.path[: len(path)] == path:
                return override.variable
        return None


def _line(spot: Place, lines: Mapping[Place, int]) -> int | None:
    """The line of an option, or of what holds it when it is missing."""
    while spot and spot not in lines:
        spot = spot[:-1]
    return lines.get(spot)


def _unusable(path: Place, document: Mapping[Any, Any], text: str) -> Unusable:
    entry = document[path[0]][path[1]]
    return Unusable(written(path), str(entry.get("name") or entry["type"]), str(entry["type"]), text)
