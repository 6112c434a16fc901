"""The day book: its rules, its file, and two programs that write to it."""

import sqlite3
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import StoreError
from appliance.store import Changes, DayBook, DayRegister, DayValue

METER = "carma.1203"
JAN = date(2026, 1, 1)


def day(number: int, value: float, flagged: bool = False, at: int = 1) -> DayValue:
    return DayValue(METER, JAN + timedelta(days=number - 1), value, "kWh", flagged, at, "1 Example St")


def register(number: int, value: float) -> DayRegister:
    return DayRegister(METER, JAN + timedelta(days=number - 1), value, "kWh", 1)


@pytest.fixture
def book(tmp_path: Path) -> DayBook:
    return DayBook(tmp_path / "daily.db")


def test_what_is_put_is_there_in_order(book: DayBook) -> None:
    assert book.put([day(2, 3.5, flagged=True), day(1, 2.25)]) == Changes(new=2)
    assert book.days(METER) == [day(1, 2.25), day(2, 3.5, flagged=True)]
    assert book.days(METER, date(2026, 1, 2), date(2026, 1, 2)) == [day(2, 3.5, flagged=True)]
    assert book.days("carma.other") == []
    assert book.sources() == [METER]


def test_a_good_value_is_never_overwritten_by_0(book: DayBook) -> None:
    book.put([day(1, 2.5)])
    assert book.put([day(1, 0.0)]) == Changes(kept=1)
    assert book.put([day(1, 0.0)], zeros=True) == Changes(kept=1)
    assert [value.value for value in book.days(METER)] == [2.5]


def test_a_0_without_proof_is_unknown(book: DayBook) -> None:
    assert book.put([day(1, 0.0)]) == Changes()
    assert book.days(METER) == []


def test_only_what_changed_is_written(book: DayBook) -> None:
    book.put([day(1, 2.5), day(2, 1.0)])
    assert book.put([day(1, 2.5, at=9), day(2, 1.5, at=9)]) == Changes(changed=1, kept=1)
    assert [value.fetched_at for value in book.days(METER)] == [1, 9]


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_what_is_no_amount_is_not_kept(book: DayBook, value: float) -> None:
    assert book.put([day(1, value)], zeros=True) == Changes()


def test_the_register_proves_days_of_0(book: DayBook) -> None:
    book.put([day(2, 4.0), day(5, 6.5)])
    book.put_registers([register(1, 100.0), register(6, 110.5)])
    assert book.prove(METER, 7) == Changes(new=3)
    assert [value.value for value in book.days(METER)] == [4.0, 0.0, 0.0, 6.5, 0.0]
    assert book.days(METER)[1] == day(3, 0.0, at=7)
    assert book.prove(METER, 8) == Changes()


def test_a_house_that_stood_empty_used_0(book: DayBook) -> None:
    book.put_registers([register(1, 100.0), register(4, 100.0)])
    assert book.prove(METER, 7) == Changes(new=3)


@pytest.mark.parametrize("end", [110.6, 111.0, 99.0])
def test_a_register_that_rose_otherwise_proves_nothing(book: DayBook, end: float) -> None:
    book.put([day(2, 4.0), day(5, 6.5)])
    book.put_registers([register(1, 100.0), register(6, end)])
    assert book.prove(METER, 7) == Changes()


def test_days_after_the_last_register_stay_unknown(book: DayBook) -> None:
    book.put([day(2, 4.0)])
    book.put_registers([register(1, 100.0), register(3, 104.0)])
    book.prove(METER, 7)
    assert [value.day.day for value in book.days(METER)] == [2, 3]


def test_registers_are_kept_and_corrected(book: DayBook) -> None:
    assert book.put_registers([register(31, 49169.89), register(31, float("nan"))]) == 1
    assert book.put_registers([register(31, 49169.89)]) == 0
    assert book.put_registers([register(31, 49170.0)]) == 1
    assert [r.value for r in book.registers(METER)] == [49170.0]


def test_the_history_of_fetches(book: DayBook) -> None:
    first = book.begin_fetch("carma", 10)
    book.note_fetch(first, 2, Changes(new=59))
    second = book.begin_fetch("carma", 20)
    book.note_fetch(second, 1, Changes(kept=31))
    book.end_fetch(second, 30, "done", "1 month, nothing new")
    newest, oldest = book.fetches("carma")
    assert (newest.outcome, newest.ended, newest.changes) == ("done", 30, Changes(kept=31))
    assert (oldest.outcome, oldest.months, oldest.changes.new) == ("stopped", 2, 59)
    assert "cut off" in oldest.text
    assert book.fetches("carma", limit=1) == [newest]


def test_how_far_it_has_come(book: DayBook) -> None:
    book.mark_asked([METER], JAN, 5)
    book.mark_asked([METER], JAN, 6)
    assert book.asked(METER) == {JAN: 6}
    book.put([day(number, 1.0) for number in range(2, 32)])
    assert book.whole_months(METER) == set()
    book.put([day(1, 1.0), day(32, 1.0)])
    assert book.whole_months(METER) == {JAN}


def test_what_was_passed_on(book: DayBook) -> None:
    book.mark_published(METER, [JAN, date(2026, 1, 2), date(2026, 1, 3)])
    book.mark_published(METER, [JAN])
    book.forget_published(METER, date(2026, 1, 2))
    assert book.published(METER) == {JAN, date(2026, 1, 2)}


def test_a_missing_file_is_an_empty_book_to_those_who_read(tmp_path: Path) -> None:
    book = DayBook(tmp_path / "daily.db", read_only=True)
    assert book.sources() == []
    assert book.days(METER) == []
    assert book.fetches("carma") == []
    assert not book.path.exists()
    with pytest.raises(StoreError, match="opened to be read"):
        book.put([day(1, 1.0)])


def test_a_damaged_file_is_set_aside_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "daily.db"
    DayBook(path).put([day(n, 1.0) for n in range(1, 32)])
    path.write_bytes(b"not a database" * 500)
    with pytest.raises(StoreError, match=r"cannot be used: .*set aside the next time the daemon"):
        DayBook(path, read_only=True).days(METER)
    book = DayBook(path)
    assert book.put([day(1, 2.0)]) == Changes(new=1)
    (note,) = book.notes
    (aside,) = tmp_path.glob("daily.db.corrupt-*Z")
    assert aside.name in note
    assert "fetched again" in note
    assert book.days(METER) == [day(1, 2.0)]


def test_a_full_disk_is_said(book: DayBook) -> None:
    book.put([day(1, 1.0)])
    real = sqlite3.connect

    def small(*args: object, **kwargs: object) -> sqlite3.Connection:
        db: sqlite3.Connection = real(*args, **kwargs)  # type: ignore[call-overload]
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")
        return db

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("appliance.store.day_file.sqlite3.connect", small)
        with pytest.raises(StoreError, match="disk is full; free some space"):
            book.put([day(n, 1.0) for n in range(1, 2000)])
    assert len(book.days(METER)) == 1


def test_a_newer_file_is_left_alone(book: DayBook) -> None:
    book.put([day(1, 1.0)])
    with sqlite3.connect(book.path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer Tallywatt"):
        DayBook(book.path).put([day(2, 1.0)])


def test_two_programs_write_at_the_same_time(tmp_path: Path) -> None:
    code = """
import sys
from datetime import date, timedelta
from pathlib import Path
from appliance.store import DayBook, DayValue
book = DayBook(Path(sys.argv[1]))
for n in range(40):
    book.put([DayValue(sys.argv[2], date(2026, 1, 1) + timedelta(days=n), n + 1.0, "kWh", False, 1)])
"""
    path = tmp_path / "daily.db"
    names = ("carma.a", "carma.b")
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in names]
    assert [process.wait(60) for process in running] == [0, 0]
    book = DayBook(path, read_only=True)
    assert [len(book.days(name)) for name in names] == [40, 40]


amounts = st.lists(
    st.one_of(st.just(0.0), st.floats(0.1, 99).map(lambda v: round(v, 4))), min_size=2, max_size=40
)


@settings(max_examples=25, deadline=None)
@given(amounts=amounts, puts=st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_whatever_comes_no_day_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[float], puts: list[int]
) -> None:
    """Days are brought in any shape, some as 0 that were not; what the book says is the truth or nothing."""
    book = DayBook(tmp_path_factory.mktemp("book") / "daily.db")
    for dice in puts:
        brought = [day(n, 0.0 if (n + dice) % 4 == 0 else value) for n, value in enumerate(amounts, 2)]
        book.put(brought)
        total = sum(amounts)
        book.put_registers([register(1, 1000.0), register(len(amounts) + 1, round(1000 + total, 2))])
        book.prove(METER, 1)
        for known in book.days(METER):
            assert known.value == amounts[(known.day - JAN).days - 1]
