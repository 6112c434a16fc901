"""Kept pictures: few, young, never more than the disk has room for; refused ones with their reason."""

from pathlib import Path

import pytest

from appliance.clock import DAY_MS, MINUTE_MS
from appliance.errors import SourceError
from appliance.sources._album import FIGURELESS_KEPT, REFUSED_KEPT, Refusals, file_name, instant, keep, ours

T0 = 1_778_000_000_000
MB = bytes(1_000_000)


class Disk:
    """A disk of so many megabytes that holds what lies in one folder."""

    def __init__(self, size_mb: float) -> None:
        self.size_mb = size_mb

    def __call__(self, folder: Path) -> float:
        return self.size_mb - sum(p.stat().st_size for p in folder.iterdir()) / 1e6


def kept(folder: Path, count: int, disk: Disk, **more: float) -> list[int]:
    said = {"days": 7, "largest_mb": 500, "floor_mb": 10} | more
    for number in range(count):
        keep(folder, T0 + number * MINUTE_MS, MB, free=disk, **said)  # type: ignore[arg-type]
    return [(instant(p) or 0) - T0 for p in ours(folder)]


def test_names_are_instants() -> None:
    assert file_name(T0) == "20260505T165320000Z.jpg"
    assert instant(Path(file_name(T0 + 7))) == T0 + 7
    assert instant(Path("holiday.jpg")) is None


def test_the_cap_counts_the_new_one_too(tmp_path: Path) -> None:
    assert len(kept(tmp_path, 9, Disk(1e6), largest_mb=4)) == 4


def test_the_disk_is_never_filled(tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(MB * 5)
    disk = Disk(20)
    assert len(kept(tmp_path, 12, disk)) == 5
    assert disk(tmp_path) >= 10


def test_where_there_is_no_room_the_new_one_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(MB * 12)
    with pytest.raises(OSError, match="only 8 MB of the disk are free"):
        kept(tmp_path, 1, Disk(20))
    assert ours(tmp_path) == []


def test_old_ones_go_and_strangers_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_bytes(b"the owner's own")
    disk = Disk(1e6)
    kept(tmp_path, 3, disk)
    keep(tmp_path, T0 + 8 * DAY_MS, MB, 7, 500, 10, disk)
    assert sorted(p.name for p in tmp_path.iterdir()) == [file_name(T0 + 8 * DAY_MS), "mine.jpg"]


def test_refusals_tell_why_newest_first(tmp_path: Path) -> None:
    refusals = Refusals(tmp_path / "refused")
    assert refusals.newest_first() == ()
    refusals.keep(T0, b"one", "04871?.4", "Digit 6 is unsure", True)
    refusals.keep(T0 + 1, b"two", None, "The picture is black", False)
    first, second = refusals.newest_first()
    assert (first.at, first.text, first.reason) == (T0 + 1, None, "The picture is black")
    assert (second.at, second.text, second.reason) == (T0, "04871?.4", "Digit 6 is unsure")
    assert refusals.picture(T0) == b"one"
    refusals.drop(T0)
    assert [r.at for r in refusals.newest_first()] == [T0 + 1]
    assert len(list((tmp_path / "refused").iterdir())) == 2


def test_black_nights_do_not_push_out_what_can_be_read(tmp_path: Path) -> None:
    refusals = Refusals(tmp_path)
    for number in range(30):
        refusals.keep(T0 + number, b"x", "04871?.4", "unsure", True)
    for number in range(600):
        refusals.keep(T0 + 1000 + number, b"x", None, "black", False)
    texts = [r.text for r in refusals.newest_first()]
    assert (texts.count(None), texts.count("04871?.4")) == (FIGURELESS_KEPT, REFUSED_KEPT)


def test_pictures_of_before_without_a_word_beside_them(tmp_path: Path) -> None:
    (tmp_path / file_name(T0)).write_bytes(b"old")
    (tmp_path / file_name(T0 + 1)).write_bytes(b"torn")
    (tmp_path / file_name(T0 + 1)).with_suffix(".json").write_text('{"at"')
    assert [(r.text, r.reason) for r in Refusals(tmp_path).newest_first()] == [(None, "It was refused")] * 2


@pytest.mark.parametrize("at", [T0, -1, 2**60])
def test_one_that_is_gone(tmp_path: Path, at: int) -> None:
    with pytest.raises(SourceError, match="no longer kept"):
        Refusals(tmp_path).picture(at)


def test_a_full_disk_refuses_refusals(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"):
        Refusals(tmp_path, Disk(40)).keep(T0, b"x", None, "black", False)
