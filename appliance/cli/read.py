"""`tallywatt read`: meter pictures from files."""

import json
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from appliance.cli.common import Refused

if TYPE_CHECKING:
    from ocr import Calibration

LARGEST_BYTES = 50_000_000
LARGEST_PIXELS = 50_000_000


@click.command(
    epilog="""\b
Examples:
  tallywatt read meter.jpg
  tallywatt read --json --meter meter.json pictures/*.jpg"""
)
@click.argument("pictures", metavar="PICTURE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--meter",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where the digits are: the calibration.json of a camera source. Left out, they are looked for.",
)
@click.option("--digits", type=click.IntRange(1, 16), help="How many digits the counter has.")
@click.option("--decimals", type=click.IntRange(0, 4), help="How many of them stand behind the point.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Least confidence of a reading; 0 shows every guess.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def read(
    pictures: tuple[Path, ...],
    meter: Path | None,
    digits: int | None,
    decimals: int | None,
    threshold: float,
    as_json: bool,
) -> None:
    """Read the counter in each PICTURE.

    A picture that cannot be read gives a line that says why, the others are read all the same. The exit
    code is 1 only when none could be read.
    """
    # OpenCV reads its limit once, when it is imported: a small file can claim to be a gigantic picture.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(LARGEST_PIXELS))
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    options = {"expected_digits": digits, "decimals": decimals, "threshold": threshold}
    calibration = _calibration(meter) if meter else None
    good = 0
    for picture in pictures:
        line = _read_one(picture, calibration, options)
        good += line["reading_kwh"] is not None
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else _sentence(line))
    if not good:
        raise Refused(
            f"none of the {len(pictures)} pictures could be read"
            if len(pictures) > 1
            else f"{pictures[0]} could not be read"
        )


def _calibration(path: Path) -> "Calibration":
    from ocr import Calibration

    try:
        return Calibration.from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Refused(f"{path}: {error}") from None


def _read_one(path: Path, calibration: "Calibration | None", options: dict[str, Any]) -> dict[str, Any]:
    import ocr

    started = time.perf_counter()
    picture, reason = _picture(path)
    result = (
        ocr.Result(None, None, 0.0, reason=reason) if reason else ocr.read(picture, calibration, **options)
    )
    line: dict[str, Any] = {
        "file": str(path),
        "text": result.text,
        "reading_kwh": result.value,
        "figures": result.text.replace(".", "") if result.text is not None else None,
        "decimals": len(result.text.partition(".")[2]) if result.text is not None else None,
        "confidence": round(result.confidence, 4),
        "digits": [
            {"value": round(d.value, 3), "confidence": round(d.confidence, 4), "box": _box(d.box)}
            for d in result.digits
        ],
        "milliseconds": round((time.perf_counter() - started) * 1000, 1),
    }
    if result.value is None:
        line["reason"] = result.reason
    return line


def _box(box: Any) -> list[int]:
    return [box.x, box.y, box.w, box.h]


def _picture(path: Path) -> tuple[Any, str | None]:
    """The pixels (BGR), or why there are none."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return None, "It is not a file."
        if about.st_size > LARGEST_BYTES:
            return None, f"The file has {about.st_size / 1e6:.0f} MB, more than a picture of a meter needs."
        content = path.read_bytes()
    except OSError as error:
        return None, f"The file cannot be read: {error.strerror}."
    return _decoded(content)


def _decoded(content: bytes) -> tuple[Any, str | None]:
    import cv2
    import numpy as np

    if not content:
        return None, "The file is empty."
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None, "It is a damaged picture, or one of more than 50 megapixels."
    if pixels is None:
        return None, "It is no picture that is known here; save it as JPEG or PNG."
    return pixels, None


def _sentence(line: dict[str, Any]) -> str:
    if line["reading_kwh"] is None:
        return f"{line['file']}: no reading. {line['reason']}"
    return f"{line['file']}: {line['text']} kWh, confidence {line['confidence']:.0%}"
