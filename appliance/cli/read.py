"""`tallywatt read`: meter pictures from files."""

import json
import os
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from appliance.cli.common import Refused

Lines = list[dict[str, Any]]
Read = Callable[[Any], Lines]
"""What a picture (BGR) shows: a line for each counter."""

LARGEST_BYTES = 50_000_000
LARGEST_PIXELS = 50_000_000
LEAST_TOLD = 0.1
"""Confidence below which a guess is worth nothing to a person."""
KNOWN = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
"""How JPEG and PNG files begin."""


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
    help="Where the digits are: the setup.json or calibration.json of a camera source; by the picture beside "
    "it each PICTURE is set straight first. Left out, they are looked for, and a picture on its side or "
    "upside down is turned.",
)
@click.option("--digits", type=click.IntRange(1, 16), help="How many digits the counter has.")
@click.option("--decimals", type=click.IntRange(0, 4), help="How many of them stand behind the point.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    help="Least confidence of a reading; what is less sure is told as a guess.",
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
    """Read the counter in each PICTURE; with a setup.json, all its counters.

    A picture that cannot be read gives a line that says why, the others are read all the same. The exit
    code is 1 only when none could be read.
    """
    # OpenCV reads its limit once, when it is imported: a small file can claim to be a gigantic picture.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(LARGEST_PIXELS))
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    options = {"expected_digits": digits, "decimals": decimals, "threshold": threshold}
    known = _known(meter, options) if meter else lambda picture: [_found(picture, options)]
    good = 0
    for picture in pictures:
        lines = _read_one(picture, known)
        good += any(line["text"] is not None for line in lines)
        for line in lines:
            click.echo(json.dumps(line, ensure_ascii=False) if as_json else _sentence(line))
    if not good:
        raise Refused(
            f"none of the {len(pictures)} pictures could be read"
            if len(pictures) > 1
            else f"{pictures[0]} could not be read"
        )


def _known(path: Path, options: dict[str, Any]) -> Read:
    """Reads with what the file of a camera source says. Raises Refused."""
    from appliance.sources._setup import FILE

    try:
        text = path.read_text(encoding="utf-8")
        return _by_setup(path, text, options) if path.name == FILE else _by_place(path, text, options)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"{path} is no setup.json or calibration.json of a camera source") from None
    except ValueError as error:
        raise Refused(f"{path}: {error}") from None


def _by_place(path: Path, text: str, options: dict[str, Any]) -> Read:
    import ocr
    from appliance.sources._bearings import aligner_beside

    place = ocr.Calibration.from_json(text)
    aligner = aligner_beside(path, place)
    return lambda picture: [_line(ocr.read(picture, place, aligner=aligner, **options))]


def _by_setup(path: Path, text: str, options: dict[str, Any]) -> Read:
    """As the camera source reads: all counters, each when its register code is shown."""
    from appliance.sources import _setup
    from appliance.sources._bearings import Bearings
    from appliance.sources._camera_options import Options
    from appliance.sources._meter_reader import MeterReader
    from ocr.counter import shipped

    _setup.loaded(text)
    if options["expected_digits"] is not None or options["decimals"] is not None:
        raise Refused(
            f"{path} says how many digits and decimals there are: leave --digits and --decimals out"
        )
    said = Options(file=path, confidence_threshold=options["threshold"])
    reader = MeterReader(said, Bearings(path.parent, said), shipped())

    def read(picture: Any) -> Lines:
        look = reader.read(picture, search=False)
        if look.reason is not None:
            return [_unread(look.reason)]
        return [_of_counter(seen, options["threshold"]) for seen in look.seen]

    return read


def _of_counter(seen: Any, threshold: float) -> dict[str, Any]:
    """What one counter of a set-up showed; `reading` is in the unit printed on it."""
    from appliance.sources import _setup
    from appliance.sources._telling import refusal

    counter, result = seen.counter, seen.result
    if seen.waiting:
        line = _unread(f"The display does not show {counter.register} now.")
    elif result.value is None or result.confidence < threshold:
        why = refusal(seen, threshold)
        line = _line(replace(result, text=None, value=None, reason=why, guess=result.text or result.guess))
    else:
        line = _line(result)
    value, (unit, factor) = line["reading_kwh"], _setup.UNITS[counter.unit]
    line |= {"counter": str(counter.quantity), "unit": counter.unit, "reading": value}
    line["reading_kwh"] = round(value * factor, 6) if value is not None and unit == "kWh" else None
    return line


def _found(picture: Any, options: dict[str, Any]) -> dict[str, Any]:
    """What is found, in the picture as it is or turned upright."""
    import ocr

    result = ocr.read(picture, **options)
    turn = ocr.upright(picture, lambda turned: ocr.read(turned, **options).confidence, result.confidence)
    if turn is None:
        return _line(result)
    return _line(ocr.read(ocr.prepare(picture, rotate=turn), **options)) | {"rotate": turn}


def _read_one(path: Path, read: Read) -> Lines:
    started = time.perf_counter()
    picture, reason = _picture(path)
    lines = [_unread(reason)] if reason else read(picture)
    spent = {"milliseconds": round((time.perf_counter() - started) * 1000, 1)}
    return [{"file": str(path)} | line | spent for line in lines]


def _unread(reason: str) -> dict[str, Any]:
    from ocr import Result

    return _line(Result(None, None, 0.0, reason=reason))


def _line(result: Any) -> dict[str, Any]:
    line: dict[str, Any] = {
        "text": result.text,
        "reading_kwh": result.value,
        "figures": result.text.replace(".", "") if result.text is not None else None,
        "decimals": len(result.text.partition(".")[2]) if result.text is not None else None,
        "confidence": round(result.confidence, 4),
        "digits": [
            {"value": round(d.value, 3), "confidence": round(d.confidence, 4), "box": _box(d.box)}
            for d in result.digits
        ],
    }
    if result.value is None:
        line |= {"guess": result.guess, "reason": result.reason}
    return line


def _box(box: Any) -> list[int]:
    return [box.x, box.y, box.w, box.h]


def _picture(path: Path) -> tuple[Any, str | None]:
    """The pixels (BGR), or why there are none."""
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            return None, f"It is a folder: name the pictures in it, such as {path}/*.jpg."
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
    if pixels is None and content.startswith(KNOWN):
        return None, "The picture is damaged or was cut off: copy it once more."
    if pixels is None:
        return None, "It is no picture that is known here; save it as JPEG or PNG."
    return pixels, None


def _sentence(line: dict[str, Any]) -> str:
    what = f"{line['file']}: {line['counter']}" if "counter" in line else line["file"]
    if line["text"] is None:
        told = line["guess"] and line["confidence"] >= LEAST_TOLD and line["guess"] not in line["reason"]
        guess = f"Perhaps {line['guess']}, confidence {line['confidence']:.0%}. " if told else ""
        return f"{what}: no reading. {guess}{line['reason']}"
    turned = f", turned by {line['rotate']} degrees" if "rotate" in line else ""
    number = f"{line['text']} {line['unit']}" if "unit" in line else line["text"]
    return f"{what}: {number}, confidence {line['confidence']:.0%}{turned}"
