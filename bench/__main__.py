"""`python -m bench [PART...]`: run the parts (all if none is named) and print one markdown table."""

import importlib
import os
import platform
import sys
from pathlib import Path

PARTS = ("daemon", "store", "pages", "api", "parse", "wires", "ocr", "dials", "display", "photos")


def machine() -> str:
    """What the figures below were measured on."""
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith(("model name", "Model"))),
        platform.machine(),
    )  # fmt: skip
    return f"{os.cpu_count()} x {cpu}, {platform.machine()}, Python {platform.python_version()}"


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    print(f"Measured on {machine()}.\n")
    print("| what | value | unit | note |\n|---|---:|---|---|")
    for name in names or PARTS:
        for what, value, unit, note in importlib.import_module(f"bench.{name}").rows():
            shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
            print(f"| {what} | {shown} | {unit} | {note} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
