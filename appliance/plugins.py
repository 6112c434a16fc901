"""How sources and sinks are found: a module in the package is a kind, its file name the `type`."""

import builtins
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class PartOptions(BaseModel):
    """Options every source and sink has. A module's own `Options` adds a literal `type` and what it needs."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: str
    """The kind: the name of a module in appliance/sources or appliance/sinks."""
    name: str = Field(default="", pattern=r"^[a-z0-9_]{0,40}$")
    """Your own name for it (small letters, digits, _); the type if left out."""
    enabled: bool = True
    """Switch it off without deleting it."""

    @property
    def label(self) -> str:
        """The name it goes by."""
        return self.name or self.type


@dataclass(frozen=True)
class Found:
    """A kind of source or sink: its module, or why it cannot be used on this machine."""

    type: str
    module: ModuleType | None
    problem: str | None = None

    @property
    def options(self) -> builtins.type[PartOptions]:
        assert self.module is not None
        options: builtins.type[PartOptions] = self.module.Options
        return options

    def build(self, kind: str, options: PartOptions, context: Any) -> Any:
        """The module's class `kind` ("Source" or "Sink") made of its options and what it is lent."""
        return getattr(self.module, kind)(options, context)


class Kinds(Mapping[str, Found]):
    """Every kind in a package by type. A module is imported when its kind is first asked for: a small reader
    has no room for the drivers of all meters. One that cannot be imported is there with its `problem`."""

    def __init__(self, package: ModuleType) -> None:
        self._package = package.__name__
        names = (info.name for info in pkgutil.iter_modules(package.__path__))
        self._found: dict[str, Found | None] = {
            name: None for name in names if not name.startswith("_") and name != "base"
        }

    def __getitem__(self, type_: str) -> Found:
        found = self._found[type_]
        if found is None:
            found = self._found[type_] = self._imported(type_)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def _imported(self, type_: str) -> Found:
        try:
            return Found(type_, importlib.import_module(f"{self._package}.{type_}"))
        except ImportError as error:
            return Found(type_, None, f"needs {error.name or error}, which is not installed")
