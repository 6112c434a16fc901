"""What can be configured, told to editors (JSON Schema) and to people (tables in docs/CONFIGURATION.md)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, create_model

from config.migrate import CLASSIC
from config.schema import Config

Models = Mapping[str, type[BaseModel]]
BEGIN, END = "<!-- options: generated -->", "<!-- end of options -->"


def json_schema(sources: Models, sinks: Models) -> dict[str, Any]:
    """JSON Schema (2020-12) of config.json with the options of every kind given."""
    parts: dict[str, Any] = {}
    for name, models in (("sources", sources), ("sinks", sinks)):
        if models:
            union: Any = None
            for kind in sorted(models):
                union = models[kind] if union is None else union | models[kind]
            parts[name] = (tuple[union, ...], Config.model_fields[name])
    make: Any = create_model  # its many overloads are beyond mypy where the fields are not written out
    schema: dict[str, Any] = make("Configuration", __base__=Config, **parts).model_json_schema()
    schema["title"] = "Tallywatt config.json"
    schema["description"] = "The whole of config.json."
    for definition in schema["$defs"].values():
        if "const" in definition.get("properties", {}).get("type", {}):
            # The models know their own type; in a file it is what tells them apart.
            definition["required"] = ["type", *definition.get("required", [])]
    properties = schema["properties"]
    properties["$schema"] = {"type": "string", "description": "Where this schema lies, for editors."}
    for name in CLASSIC:
        text = "A section of the classic meter reader's file, understood as ever."
        properties[name] = {"type": "object", "deprecated": True, "description": text}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def reference(sources: Models, sinks: Models) -> str:
    """Every option as Markdown: a table a section, a source, a sink."""
    parts, told = ["## Sections"], dict[type[BaseModel], str]()
    for name, field in Config.model_fields.items():
        model = _model(field.annotation)
        if model is None:
            continue
        parts += [f"### `{name}`", field.description or ""]
        parts += [f"Written like `{told[model]}`."] if model in told else ["\n".join(_table(model))]
        told[model] = name
    for title, models in (("Sources", sources), ("Sinks", sinks)):
        parts.append(f"## {title}")
        for kind in sorted(models):
            parts += [f"### `{kind}`", _about(models[kind]), "\n".join(_table(models[kind]))]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def with_reference(page: str, text: str) -> str:
    """`page` with the part between its two marks replaced by `text`. Raises ValueError without marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def _model(annotation: Any) -> type[BaseModel] | None:
    """The section, or the section of which it is a list, that a field of Config holds."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _about(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| option | value | without it | meaning |"
    yield "|---|---|---|---|"
    schema = model.model_json_schema()
    yield from _rows(schema, schema.get("$defs", {}), "")


def _rows(schema: dict[str, Any], definitions: dict[str, Any], above: str) -> Iterator[str]:
    required = schema.get("required", [])
    for name, field in schema["properties"].items():
        if name == "type" and not above:
            continue
        default = "must be given" if name in required else _default(field)
        described = field.get("description") or _target(field, definitions).get("description", "")
        text = " ".join(described.split()).replace("|", "\\|")
        yield f"| `{above}{name}` | {_kind(field, definitions)} | {default} | {text} |"
        for group, mark in (
            (field, "."),
            *((branch, ".") for branch in field.get("anyOf", ())),
            (field.get("items", {}), "[]."),
        ):
            inner = _target(group, definitions)
            if "properties" in inner:
                yield from _rows(inner, definitions, f"{above}{name}{mark}")


def _target(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """What a field's $ref stands for; nothing where it has none."""
    found: dict[str, Any] = definitions.get(field.get("$ref", "").rpartition("/")[2], {})
    return found


def _default(field: dict[str, Any]) -> str:
    if "default" not in field:
        return ""
    value = field["default"]
    if value is None or isinstance(value, bool):
        return f"`{ {None: 'null', True: 'true', False: 'false'}[value] }`"
    if value == "" or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return f"`{json.dumps(value)}`"
    return f"`{_plain(value)}`"


def _kind(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    """The values an option takes, in words."""
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_kind(branch, definitions) for branch in field["anyOf"]))
    if "$ref" in field:
        return _kind(_target(field, definitions), definitions)
    if "enum" in field:
        values = field["enum"]
        return ", ".join(f"`{value}`" for value in values) if len(values) <= 8 else "a name"
    if field.get("format") == "password":
        return "secret"
    words = {
        "integer": "whole number", "number": "number", "boolean": "`true` or `false`", "string": "text",
        "array": "list", "object": "group", "null": "`null`",
    }  # fmt: skip
    word = words.get(field.get("type", ""), "")
    return f"{word}{_span(field)}"


def _span(field: dict[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    over = field.get("exclusiveMinimum")
    start = _plain(low) if low is not None else f"over {_plain(over)}" if over is not None else ""
    if start and high is not None:
        return f", {start} to {_plain(high)}"
    if start:
        return f", {start}" if over is not None else f", {start} or more"
    return f", at most {_plain(high)}" if high is not None else ""


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
