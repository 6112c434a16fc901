"""Pictures of every page at every size in both themes: `python -m tests.ui.shots OUTDIR`."""

import argparse
import time
from pathlib import Path

from tests.ui.browser import PAGES, SIZES, browser, load, served, shape

SCENES = ("stale", "grid", "camera", "empty", "prices", "trouble")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scene", choices=("sunny", *SCENES), help="only this situation")
    parser.add_argument("--language", default="en")
    said = parser.parse_args()
    said.folder.mkdir(parents=True, exist_ok=True)
    with browser() as driver:
        for scene in [said.scene] if said.scene else ["sunny", *SCENES]:
            pages = PAGES if scene == "sunny" else ("/", "/status")
            with served(scene, said.language) as url:
                for page in pages:
                    for size_name, size in SIZES.items():
                        for theme in ("dark", "light"):
                            shape(driver, size, theme == "dark")
                            load(driver, url + page)
                            time.sleep(0.7)
                            name = f"{scene}_{page.strip('/') or 'home'}_{size_name}_{theme}.png"
                            driver.save_screenshot(str(said.folder / name))


if __name__ == "__main__":
    main()
