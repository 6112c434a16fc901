"""Learning a meter: which crops are proven, how they are kept, and when what they teach is used."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench import learning
from ocr import digits as network
from ocr.album import MOST, PER_CLASS, Album
from ocr.digits import Digit, DigitReader
from ocr.lessons import FEWEST
from ocr.own import OwnMeter, mechanics, positions, proven
from ocr.refinement import refine
from ocr.train.score import distance


@pytest.fixture(scope="module")
def reader() -> DigitReader:
    return DigitReader()


# --- proof -------------------------------------------------------------------------------------------


def test_wheels_stand_at_their_digit_until_pushed() -> None:
    assert positions(48713.47, 6, 1) == pytest.approx((4, 8, 7, 1, 3, 4.7), abs=1e-4)
    assert positions(199.95, 4, 1) == pytest.approx((1.5, 9.5, 9.5, 9.5), abs=1e-4)
    assert positions(12.5, 2, 0, start=0.0) == pytest.approx((1.25, 2.5), abs=1e-4)
    assert positions(0.3, 2, 1) == pytest.approx((0, 3), abs=1e-4)  # though 0.3 * 10 is 2.9999...


def test_digits_of_a_display_are_whole() -> None:
    assert positions(199.96, 5, 1, kind="lcd") == (0, 1, 9, 9, 9)


@pytest.mark.parametrize("value", [-0.1, 1000.0])
def test_what_a_counter_cannot_show_has_no_positions(value: float) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        positions(value, 4, 1)


@given(st.integers(0, 999_999), st.floats(0, 0.99), st.sampled_from((9.0, 8.0, 0.0)))
def test_positions_say_the_number(units: int, part: float, start: float) -> None:
    where = positions((units + part) / 10, 6, 1, start)
    assert int("".join(str(int(p)) for p in where)) in (units, units + (part > 0.98))
    assert all(0 <= p < 10 for p in where)


def test_still_wheels_are_proven_whatever_was_read() -> None:
    where = proven(4871.32, None, 4871.38, 5, 1)
    assert where[:4] == pytest.approx((4, 8, 7, 1), abs=1e-4)
    assert where[4] is None


def test_a_wheel_that_moved_a_little_needs_a_reading_in_between() -> None:
    assert proven(4871.32, 4871.35, 4871.36, 5, 1)[4] == pytest.approx(3.5, abs=1e-4)
    assert proven(4871.32, 4872.35, 4871.36, 5, 1)[4] is None
    assert proven(4871.32, 4871.35, 4871.39, 5, 1)[4] is None  # moved by 0.7: it could be a misread digit


def test_a_whole_turn_is_not_standing_still() -> None:
    assert proven(4871.3, 4871.3, 4872.3, 5, 1)[4] is None
    assert proven(0.0, None, 100.0, 5, 1)[2:] == (None, None, None)


def test_a_register_that_ran_backwards_proves_nothing() -> None:
    assert proven(4871.4, 4871.3, 4871.3, 5, 1) == (None,) * 5


@given(st.integers(0, 99_000), st.integers(0, 300), st.floats(0, 1), st.sampled_from((9.0, 8.0, 0.0)))
def test_what_is_proven_is_true(low: int, more: int, at: float, start: float) -> None:
    earlier, later = low / 100, (low + more) / 100
    truth = earlier + at * (later - earlier)
    shown = positions(truth, 5, 1, start)
    for label, wheel in zip(proven(earlier, truth, later, 5, 1, start), shown, strict=True):
        assert label is None or distance(label, wheel) <= 0.1


def test_without_mechanics_only_what_all_agree_on_is_proven() -> None:
    assert proven(123.05, None, 123.06, 4, 1, start=None) == (
        None,
        None,
        pytest.approx(3),
        pytest.approx(0.55, abs=1e-3),
    )
    assert proven(123.65, None, 123.66, 4, 1, start=None) == (None, None, None, pytest.approx(6.55, abs=1e-3))
    assert proven(123.65, None, 123.66, 4, 1, start=9.0) == pytest.approx((1, 2, 3, 6.55), abs=1e-3)


@pytest.mark.parametrize("start", [9.0, 8.0, 0.0])
def test_the_mechanics_show_in_a_few_readings(start: float) -> None:
    rng = np.random.default_rng(0)
    truths = rng.uniform(0, 9999, 12)
    seen = [[p + rng.normal(0, 0.05) for p in positions(t, 5, 1, start)] for t in truths]
    assert mechanics(seen) == start
    assert mechanics([]) == 9.0


# --- the album ---------------------------------------------------------------------------------------


def _crop(seed: int, height: int = 40) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (height, 26, 3), np.uint8)


def test_crops_come_back_with_their_labels(tmp_path: Path) -> None:
    album = Album(tmp_path / "own")
    assert album.add(_crop(0), 3.47, lcd=False, sure=True, place=6)
    assert album.add(_crop(1, 300), 9.999, lcd=True, sure=False, place=0)
    again = Album(tmp_path / "own")
    assert [(c.label, c.sure, c.place) for c in again.crops] == [(347, True, 6), (999, False, 0)]
    first, second = (again.picture(c) for c in again.crops)
    assert first is not None
    assert second is not None
    assert np.array_equal(first, _crop(0))
    assert second.shape[0] == 96


def test_the_like_is_kept_once(tmp_path: Path) -> None:
    album = Album(tmp_path)
    assert album.add(_crop(0), 3.0, False, True, 0)
    assert not album.add((_crop(0) * 0.8).astype(np.uint8), 3.0, False, True, 0)
    assert album.add(_crop(0), 3.0, False, True, 1)  # another place of the counter
    assert not album.add(np.zeros((0, 5, 3), np.uint8), 3.0, False, True, 0)


def test_each_class_and_the_whole_are_capped(tmp_path: Path) -> None:
    album = Album(tmp_path)
    added = [album.add(_crop(i), 0.0, False, True, 0) for i in range(60)]
    assert all(added[:PER_CLASS])
    assert 2 <= sum(added[PER_CLASS:]) <= 20  # a full class changes slowly
    assert [c.order for c in album.crops] == list(range(sum(added) - PER_CLASS, sum(added)))
    for i in range(MOST):
        album.add(_crop(100 + i), (i % 100) / 10, False, True, 1 + i // 100)
    assert len(album.crops) == len(list(tmp_path.glob("*.png"))) == MOST
    assert {c.label // 10 for c in album.crops} == set(range(100))


@pytest.mark.parametrize(("value", "place"), [(10.0, 0), (-0.1, 0), (float("nan"), 0), (1.0, 100)])
def test_labels_that_cannot_be_are_refused(tmp_path: Path, value: float, place: int) -> None:
    with pytest.raises(ValueError, match="stands at"):
        Album(tmp_path).add(_crop(0), value, False, True, place)


def test_damage_in_the_folder_is_left_out(tmp_path: Path, reader: DigitReader) -> None:
    own = OwnMeter(tmp_path, reader)
    for i in range(4):
        own.add(_crop(i), i, lcd=False, sure=True)
    names = sorted(p.name for p in tmp_path.glob("*.png"))
    (tmp_path / names[0]).write_bytes(b"")
    (tmp_path / names[1]).write_bytes((tmp_path / names[1]).read_bytes()[:60])
    (tmp_path / (names[2] + ".part")).write_bytes(b"half")
    (tmp_path / "holiday.png").write_bytes(b"not ours")
    (tmp_path / "refined.npz").write_bytes(b"PK\x03\x04 cut off")
    again = OwnMeter(tmp_path, reader)
    assert again.count == 4
    assert again.outcome is not None
    assert not again.outcome.used
    assert not list(tmp_path.glob("*.part"))
    assert again.read([_crop(9)]) == reader.read([_crop(9)])


def test_fresh_crops_are_told_from_those_learned_from(tmp_path: Path, reader: DigitReader) -> None:
    own = OwnMeter(tmp_path, reader)
    for i in range(3):
        own.add(_crop(i), i, lcd=False, sure=True)
    assert own.fresh == 3
    own.refine()
    own.add(_crop(7), 7, lcd=False, sure=False)
    assert (own.fresh, OwnMeter(tmp_path, reader).fresh) == (1, 1)


# --- refining ----------------------------------------------------------------------------------------


def test_sureness_is_that_of_the_reader(reader: DigitReader) -> None:
    features, scores = reader.features([_lesson(4, 1)])
    nothing = refine(features, scores, np.array([4.0]), np.array([1e-6]))
    before, after = network.decode(scores)[0], network.decode(nothing.scores(features, scores))[0]
    assert after.value == pytest.approx(before.value, abs=0.01)
    assert after.confidence == pytest.approx(before.confidence, abs=0.01)


def _lesson(digit: int, seed: int) -> NDArray[np.uint8]:
    """A glyph of a meter's own that no digit network was trained on: a bar for each unit."""
    rng = np.random.default_rng([digit, seed])
    crop = np.full((60, 40, 3), 200, np.uint8)
    for i in range(digit + 1):
        cv2.line(crop, (6, 4 + 5 * i), (33, 4 + 5 * i), (20, 20, 20), 2)
    noisy = crop.astype(np.float64) + rng.normal(0, 12, crop.shape)
    return np.clip(np.roll(noisy, int(rng.integers(-2, 3)), 1), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, reader: DigitReader) -> Path:
    folder = tmp_path_factory.mktemp("own")
    own = OwnMeter(folder, reader)
    for seed in range(8):
        for digit in range(10):
            own.add(_lesson(digit, seed), float(digit), lcd=False, sure=True, place=seed)
    own.refine()
    return folder


def _right(digits: list[Digit]) -> int:
    return sum(distance(d.value, i % 10) <= 0.2 for i, d in enumerate(digits))


def test_strange_glyphs_are_learned_and_outlast_a_restart(taught: Path, reader: DigitReader) -> None:
    own = OwnMeter(taught, reader)
    new = [_lesson(i % 10, 50 + i) for i in range(40)]
    assert own.outcome is not None
    assert own.outcome.used
    assert own.outcome.after is not None
    assert own.outcome.before is not None
    assert own.outcome.after[1] > own.outcome.before[1] + 0.3
    assert _right(own.read(new)) >= 32 > _right(reader.read(new)) + 10


def test_another_model_learns_from_the_crops_anew(taught: Path, reader: DigitReader, tmp_path: Path) -> None:
    other = tmp_path / "digits.onnx"
    other.write_bytes(network.MODEL.read_bytes() + b"\n")
    before = (taught / "refined.npz").read_bytes()
    own = OwnMeter(taught, reader, other)
    assert own.outcome is not None
    assert own.outcome.used
    assert (taught / "refined.npz").read_bytes() != before


def test_whatever_became_of_the_file_it_is_learned_anew(
    taught: Path, reader: DigitReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """zip, zlib and numpy's header each have errors of their own; none may keep a camera from starting."""
    shutil.copytree(taught, tmp_path / "own")
    file = tmp_path / "own" / "refined.npz"
    whole = file.read_bytes()
    anew: list[OwnMeter] = []
    monkeypatch.setattr(OwnMeter, "refine", lambda own: anew.append(own))
    for start in range(0, len(whole), len(whole) // 150):
        spoilt = bytearray(whole)
        spoilt[start : start + 16] = bytes(byte ^ 0x55 for byte in spoilt[start : start + 16])
        file.write_bytes(spoilt)
        OwnMeter(tmp_path / "own", reader)
    assert len(anew) > 100


def test_where_what_is_learned_anew_cannot_be_kept_it_reads_all_the_same(
    reader: DigitReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    OwnMeter(tmp_path, reader).add(_crop(1), 1, lcd=False, sure=True)
    (tmp_path / "refined.npz").write_bytes(b"damaged")
    monkeypatch.setattr("ocr.own.write", full)
    own = OwnMeter(tmp_path, reader)
    assert own.outcome is not None
    assert own.read([_crop(9)]) == reader.read([_crop(9)])


def test_labels_without_sense_are_not_used(tmp_path: Path, reader: DigitReader) -> None:
    own = OwnMeter(tmp_path, reader)
    rng = np.random.default_rng(3)
    for seed in range(6):
        for digit in range(10):
            own.add(_lesson(digit, seed), float(rng.integers(10)), lcd=False, sure=True, place=seed)
    outcome = own.refine()
    assert not outcome.used
    assert own.read([_lesson(4, 99)]) == reader.read([_lesson(4, 99)])


def test_too_few_or_unsure_crops_judge_nothing(tmp_path: Path, reader: DigitReader) -> None:
    own = OwnMeter(tmp_path, reader)
    for i in range(FEWEST + 5):
        own.add(_lesson(i % 10, i), float(i % 10), lcd=False, sure=i < FEWEST - 1, place=i)
    outcome = own.refine()
    assert (outcome.crops, outcome.before, outcome.used) == (FEWEST + 5, None, False)


def test_forgetting_reads_as_shipped(tmp_path: Path, reader: DigitReader) -> None:
    own = OwnMeter(tmp_path, reader)
    for seed in range(6):
        for digit in range(10):
            own.add(_lesson(digit, seed), float(digit), lcd=False, sure=True, place=seed)
    assert own.refine().used
    own.forget()
    assert (own.count, own.outcome, list(tmp_path.iterdir())) == (0, None, [])
    assert own.read([_lesson(4, 99)]) == reader.read([_lesson(4, 99)])


def test_crops_with_wrong_labels_are_unlearned(tmp_path: Path, reader: DigitReader) -> None:
    own = OwnMeter(tmp_path, reader)
    own.add(_crop(0), 1, lcd=False, sure=True)
    since = own.next
    own.add(_crop(1), 2, lcd=False, sure=True)
    own.refine()
    own.unlearn(since)
    assert (own.count, own.next, len(list(tmp_path.glob("*.png")))) == (1, since, 1)
    assert own.outcome is not None
    assert own.outcome.crops == 1


def test_digits_never_shown_are_read_as_before(reader: DigitReader) -> None:
    lessons = [_lesson(d, s) for d in (0, 1) for s in range(20)]
    features, scores = reader.features(lessons)
    learned = refine(features, scores, np.repeat([5.0, 6.0], 20), np.ones(40))
    text = np.full((60, 40, 3), 30, np.uint8)
    cv2.putText(text, "8", (6, 50), cv2.FONT_HERSHEY_DUPLEX, 1.6, (230, 230, 230), 3)
    shown = reader.features([text])
    before, after = network.decode(shown[1])[0], network.decode(learned.scores(*shown))[0]
    assert distance(before.value, after.value) < 0.3


def test_reading_nothing(taught: Path, reader: DigitReader) -> None:
    assert OwnMeter(taught, reader).read([]) == []


def test_a_real_meter_is_read_better_after_a_hundred_crops(shared: Path, reader: DigitReader) -> None:
    samples = [s for s in learning.load(shared / "data" / "meter-digits") if s.source.endswith("japander")]
    draw = learning.measure(samples, 100, 1, reader)
    assert draw.used
    assert not draw.worse
    assert draw.learned[0] >= draw.shipped[0] + 0.05  # within 0.1
