"""What every part of config.json has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of config.json: unknown options are refused, nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
