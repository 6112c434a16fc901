"""Rules of the whole product that no single part can keep alone."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.sinks.base import discover as discover_sinks
from appliance.sources.base import discover as discover_sources

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    path
    for folder in ("appliance", "config", "ocr", "ui")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
]
FREE = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software|ISC|MPL|Mozilla|HPND|Unlicense|CC0|zlib|LGPL|Lesser|BSL|0BSD", re.I
)
KINDS = [*discover_sources().values(), *discover_sinks().values()]


def test_everyone_imports_from_lower_floors_only() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_no_file_is_a_maze() -> None:
    long = {
        str(path.relative_to(ROOT)): n for path in CODE if (n := len(path.read_text().splitlines())) > 400
    }
    assert not long


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_every_option_of_every_kind_is_described(kind: object) -> None:
    options = kind.options  # type: ignore[attr-defined]
    silent = [
        name for name, field in options.model_fields.items() if not (field.description or name == "type")
    ]
    assert not silent
    assert options.model_fields["type"].default == kind.type  # type: ignore[attr-defined]


def test_every_command_of_the_readme_is_there() -> None:
    goals = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = set(re.findall(r"^make ([a-z]+)|&& make ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert {name for pair in told for name in pair if name} <= goals
    assert {"run", "test", "dev", "check", "bench"} <= goals


def test_every_local_link_of_the_documents_leads_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_what_the_product_needs_is_free_to_pass_on() -> None:
    """Licences that go with MIT, for every package the installed product depends on, however deep."""
    wanted, seen = ["tallywatt"], set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # wanted on other machines only
        for line in found.requires or ():
            if "extra ==" not in line:
                wanted.append(re.split(r"[ ;<>=!~\[(]", line, maxsplit=1)[0])
        about = found.metadata
        said = [about.get("License-Expression") or "", about.get("License") or ""]
        said += [c for c in about.get_all("Classifier") or () if c.startswith("License")]
        assert FREE.search(" ".join(said)[:4000]), f"{name}: {' '.join(said)[:200]}"
    assert len(seen) > 20


def test_the_readers_of_the_repository_hear_of_the_project_alone() -> None:
    words = re.compile(r"/work/main|/work/shared|\bclaude\b|\bchatgpt\b|language model", re.I)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".sh", ".json", ".js", ".css", ".toml"} and path != Path(__file__):
            assert not words.search(path.read_text(encoding="utf-8", errors="replace")), name
