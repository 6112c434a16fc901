"""Kinds of source and sink as the product has them, small enough to see what a test is about."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from config.build import Kinds


class Base(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    name: str = Field(default="", pattern=r"^[a-z0-9_]{0,40}$")
    """Your own name for it."""
    enabled: bool = True
    """Switch it off."""


class Wire(Base):
    type: Literal["wire"] = "wire"
    port: str
    """Where it is plugged in. Look behind the meter."""
    baud: int | Literal["auto"] = "auto"
    """Speed."""


class Light(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    brightness_target: float = 200


class Camera(Base):
    type: Literal["camera_meter"] = "camera_meter"
    device_id: int | None = None
    expected_digits: int = Field(default=7, ge=1)
    lighting: Light = Light()
    keep_days: int = 7


class Push(Base):
    type: Literal["push"] = "push"
    api_endpoint: str
    """Where to send it."""
    interval_seconds: int = 900
    token: SecretStr | None = None
    headers: dict[str, SecretStr] = Field(default_factory=dict)


KINDS = Kinds(
    {"wire": Wire, "camera_meter": Camera},
    {"push": Push},
    {"pi_camera": "needs picamera2, which is not installed"},
)
