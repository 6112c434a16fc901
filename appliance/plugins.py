"""How sources and sinks are found: a module in the package is a kind, its file name the `type`."""

import builtins
import importlib
import pkgutil
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


def discover(package: ModuleType) -> dict[str, Found]:
    """Every kind in `package` by type. A module that cannot be imported is there with its `problem`."""
    found: dict[str, Found] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_") or info.name == "base":
            continue
        try:
            module = importlib.import_module(f"{package.__name__}.{info.name}")
        except ImportError as error:
            found[info.name] = Found(info.name, None, f"needs {error.name or error}, which is not installed")
        else:
            found[info.name] = Found(info.name, module)
    return found
