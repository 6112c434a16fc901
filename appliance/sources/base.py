"""What every source shares: its options, the surroundings it is given, and how it is found."""

import builtins
import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

import appliance.sources
from appliance.clock import Clock


class SourceOptions(BaseModel):
    """Options every source has. A module's own `Options` adds a literal `type` and what it needs."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: str
    """The kind of source: the name of a module in appliance/sources."""
    name: str = Field(default="", pattern=r"^[a-z0-9_]{0,40}$")
    """Your own name for it (small letters, digits, _); the type if left out. Kept with every reading."""
    enabled: bool = True
    """Switch it off without deleting it."""

    @property
    def label(self) -> str:
        """The name under which its readings are kept."""
        return self.name or self.type


@dataclass(frozen=True)
class Context:
    """What the appliance lends a source: its clock, its own folder for files, the site's time zone."""

    clock: Clock
    folder: Path
    zone: ZoneInfo


@dataclass(frozen=True)
class Found:
    """A kind of source: its module, or why it cannot be used on this machine."""

    type: str
    module: ModuleType | None
    problem: str | None = None

    @property
    def options(self) -> "builtins.type[SourceOptions]":
        assert self.module is not None
        options: builtins.type[SourceOptions] = self.module.Options
        return options

    def build(self, options: SourceOptions, context: Context) -> Any:
        assert self.module is not None
        return self.module.Source(options, context)


def discover() -> dict[str, Found]:
    """Every kind of source by type. A module that cannot be imported is there with its `problem`."""
    found: dict[str, Found] = {}
    for info in pkgutil.iter_modules(appliance.sources.__path__):
        if info.name.startswith("_") or info.name == "base":
            continue
        try:
            module = importlib.import_module(f"appliance.sources.{info.name}")
        except ImportError as error:
            found[info.name] = Found(info.name, None, f"needs {error.name or error}, which is not installed")
        else:
            found[info.name] = Found(info.name, module)
    return found
