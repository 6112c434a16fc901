"""What is wrong in a configuration, where, and what would be right: all of it at once."""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.schema import Config

Path = tuple[str | int, ...]
SHOWN = 60


@dataclass(frozen=True)
class Mistake:
    """One mistake: `place` like `sources[1].port` (empty for the whole file), a sentence, its line."""

    place: str
    text: str
    line: int | None = None
    column: int | None = None
    excerpt: str = ""
    """The line with a caret below the spot, for mistakes of JSON itself."""

    def __str__(self) -> str:
        spot = [] if self.line is None else [f"line {self.line}"]
        if self.column is not None:
            spot.append(f"column {self.column}")
        where = ", ".join([*spot, self.place] if self.place else spot)
        sentence = f"{where}: {self.text}" if where else self.text
        return sentence + "".join(f"\n    {row}" for row in self.excerpt.splitlines())


class ConfigProblem(Exception):  # noqa: N818 - what its reader has is a problem
    """The configuration cannot be used; `mistakes` holds every reason.

    `usable` is what is left without the sections, sources and sinks that have mistakes: the appliance
    runs on that, and says what is wrong, rather than not at all.
    """

    def __init__(self, file: str, mistakes: Iterable[Mistake], usable: Config | None = None) -> None:
        self.file = file
        self.usable = usable or Config()
        self.mistakes = tuple(mistakes)
        super().__init__(file, self.mistakes)

    def __str__(self) -> str:
        count = len(self.mistakes)
        head = f"{self.file} has {'a mistake' if count == 1 else f'{count} mistakes'}:"
        return "\n".join([head, *(f"  {line}" for m in self.mistakes for line in str(m).splitlines())])


def written(path: Sequence[str | int]) -> str:
    """A path the way people write it: `sources[1].port`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def meant(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the likeliest one, else all that are known."""
    names = sorted(known)
    near = difflib.get_close_matches(word.lower(), names, 1, 0.55)
    if near:
        return f"did you mean {near[0]}?"
    return f"known here: {', '.join(names)}" if names else "nothing is known here"


def shown(value: Any) -> str:
    """A wrong value as it is quoted in a sentence; groups and lists are not, they may hold secrets."""
    if isinstance(value, dict | list | tuple):
        return "a group of options" if isinstance(value, dict) else "a list"
    text = f'"{value}"' if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def explain(
    errors: Sequence[ErrorDetails], model: type[BaseModel], document: Any, extra: Iterable[str] = ()
) -> dict[Path, str]:
    """Sentences by place for what pydantic found in `document`; `extra` are more keys known at its top."""
    reasons: dict[Path, list[str]] = {}
    for error in errors:
        if error["type"] == "default_factory_not_called":
            continue  # its reason is another mistake of this list
        path = _real_path(error["loc"], document)
        texts = reasons.setdefault(path, [])
        text = _sentence(error, path, model, extra)
        if text not in texts:
            texts.append(text)
    return {path: _joined(texts) for path, texts in reasons.items()}


def _joined(texts: list[str]) -> str:
    """One sentence for the branches of a union: "must be a whole number or …"."""
    if len(texts) > 1 and all(text.startswith("must be ") for text in texts):
        halves = [text.removeprefix("must be ").rpartition(", not ") for text in texts]
        if all(middle for _, middle, _ in halves):
            return f"must be {' or '.join(first for first, _, _ in halves)}, not {halves[0][2]}"
    return "; or ".join(texts)


def _real_path(loc: tuple[int | str, ...], document: Any) -> Path:
    """`loc` without the names of union branches that pydantic weaves in."""
    path: list[str | int] = []
    here = document
    for index, part in enumerate(loc):
        last = index == len(loc) - 1
        if isinstance(here, dict) and isinstance(part, str) and (part in here or last):
            path.append(part)
            here = here.get(part)
        elif isinstance(here, list | tuple) and isinstance(part, int) and part < len(here):
            path.append(part)
            here = here[part]
    return tuple(path)


def _sentence(error: ErrorDetails, path: Path, model: type[BaseModel], extra: Iterable[str]) -> str:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = _fields(model, path[:-1]) | (set(extra) if len(path) == 1 else set())
        return f"there is no such option; {meant(str(path[-1]), known)}"
    if kind == "missing":
        return f"is missing{_help(model, path)}"
    not_this = "" if _is_secret(model, path) else f", not {shown(value)}"
    if kind in ("value_error", "assertion_error"):
        return f"{context.get('error', error['msg'])}{'' if isinstance(value, dict | list) else not_this}"
    right = _right(kind, context)
    if right is None:
        return f"{error['msg'][:1].lower()}{error['msg'][1:]}{not_this}"
    return f"must be {right}{not_this}"


def _right(kind: str, context: dict[str, Any]) -> str | None:
    """What would be right, by pydantic's name of the mistake; None where its own words must do."""
    plain = {
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "finite_number": "a finite number",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "string_type": 'text in "quotes"',
        "path_type": 'a file name in "quotes"',
        "tuple_type": "a list in [ ]",
        "list_type": "a list in [ ]",
        "dict_type": "a group of options in { }",
        "model_type": "a group of options in { }",
        "model_attributes_type": "a group of options in { }",
        "none_required": "null",
        "url_parsing": "a web address such as http://192.168.1.20/",
        "url_type": "a web address such as http://192.168.1.20/",
    }
    if kind in plain:
        return plain[kind]
    bounds = {
        "greater_than_equal": ("at least", "ge"),
        "greater_than": ("more than", "gt"),
        "less_than_equal": ("at most", "le"),
        "less_than": ("less than", "lt"),
    }
    if kind in bounds:
        words, key = bounds[kind]
        return f"{words} {context[key]}"
    if kind in ("literal_error", "enum"):
        return str(context["expected"]).replace("'", "")
    if kind == "string_pattern_mismatch":
        return f"text that fits the pattern {context['pattern']}"
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    if kind == "string_too_short":
        return f"at least {context['min_length']} character{'s' * (context['min_length'] != 1)}"
    return None


def model_at(model: type[BaseModel], path: Sequence[str | int]) -> list[type[BaseModel]]:
    """The models that may stand at `path` below `model`: several where a union allows them."""
    models = [model]
    for part in path:
        if isinstance(part, int):
            continue
        fields = [m.model_fields[part] for m in models if part in m.model_fields]
        models = [found for field in fields for found in _models(field.annotation)]
    return models


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _models(argument)]


def _fields(model: type[BaseModel], path: Sequence[str | int]) -> set[str]:
    return {name for found in model_at(model, path) for name in found.model_fields}


def _is_secret(model: type[BaseModel], path: Path) -> bool:
    """Whether a secret stands at `path`, or a group of secrets above it: then it is never quoted."""
    for end, part in enumerate(path):
        fields = [found.model_fields.get(str(part)) for found in model_at(model, path[:end])]
        if any(field is not None and "SecretStr" in repr(field.annotation) for field in fields):
            return True
    return False


def _help(model: type[BaseModel], path: Path) -> str:
    """The option's own description, for one that has to be given."""
    for found in model_at(model, path[:-1]):
        field = found.model_fields.get(str(path[-1]))
        if field is not None and field.description:
            text = field.description.replace("\n", " ").partition(". ")[0].rstrip(".")
            return f": {text[:1].lower()}{text[1:]}"
    return ""
