"""Collects the texts of the screens and compiles the translations: `python -m ui.catalogues`.

New texts appear in each .po without a translation; texts that are gone disappear.
"""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from .text import DOMAIN, FOLDER

CODE = Path(__file__).parent
KEYWORDS = {"_": None, "N_": None}


def template() -> Catalog:
    """Every text in the code, with the files that say it."""
    catalogue = Catalog(project="Tallywatt", charset="utf-8")
    found = extract_from_dir(CODE, [("**.py", "python")], keywords=KEYWORDS)
    for file, _, message, comments, context in sorted(found, key=lambda entry: (entry[0], entry[1])):
        catalogue.add(message, locations=[(f"ui/{file}", 0)], auto_comments=comments, context=context)
    return catalogue


def read(path: Path) -> Catalog:
    """A .po file. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], domain=DOMAIN)


def compiled(catalogue: Catalog) -> bytes:
    """The .mo of a catalogue; texts not translated yet are left out and shown in English."""
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def main() -> int:
    """Update every .po and .mo; returns 1 when a translation is missing."""
    missing = 0
    for path in sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        catalogue = read(path)
        made = catalogue.creation_date
        catalogue.update(template(), no_fuzzy_matching=True)
        catalogue.creation_date = made  # the file changes only when texts do
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, omit_header=False, include_lineno=False, width=100, sort_output=True)
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        lacking = [message.id for message in catalogue if message.id and not message.string]
        missing += len(lacking)
        sys.stdout.write(f"{path.parts[-3]}: {len(catalogue)} texts, {len(lacking)} without translation\n")
        sys.stdout.writelines(f"  {text}\n" for text in lacking)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
