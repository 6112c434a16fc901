"""Fixtures every part may use."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of captures and pictures of real meters beside the checkout; tests without it are skipped."""
    if not SHARED.is_dir():
        pytest.skip(f"the reference captures are not here ({SHARED})")
    return SHARED
