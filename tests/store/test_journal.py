"""The ring: what was written is found again, also after it went round, was torn, or lost blocks."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import StoreError
from appliance.store.journal import BLOCK, Journal, JournalFullError

SIZE = 16 * BLOCK


def reopened(path: Path, folded: int = 0) -> list[tuple[int, bytes]]:
    journal = Journal(path, size=SIZE)
    try:
        return journal.scan(folded)
    finally:
        journal.close()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3 * BLOCK), st.booleans()), max_size=40))
def test_what_is_not_folded_is_never_overwritten(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, bool]]
) -> None:
    path = tmp_path_factory.mktemp("ring") / "journal"
    journal = Journal(path, size=SIZE)
    journal.scan(0)
    open_: list[tuple[int, bytes]] = []
    folded = 0
    for length, fold in writes:
        payload = os.urandom(length)
        try:
            open_.append((journal.append(payload), payload))
        except JournalFullError:
            assert open_
            fold = True
        if fold and open_:
            folded = open_[-1][0]
            journal.folded(folded)
            open_ = []
    journal.close()
    assert reopened(path, folded) == open_
    assert path.stat().st_size == SIZE


def test_a_torn_record_is_none_and_the_next_takes_its_number(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, size=SIZE)
    journal.scan(0)
    for payload in (b"first", b"second" * 1000, b"third" * 1000):
        journal.append(payload)
    journal.close()
    with path.open("r+b") as file:
        file.seek(4 * BLOCK + 100)
        file.write(b"\0" * 50)
    journal = Journal(path, size=SIZE)
    assert [number for number, _ in journal.scan(0)] == [1, 2]
    assert journal.append(b"again") == 3
    journal.close()
    assert reopened(path, 2) == [(3, b"again")]


def test_rubbish_and_a_short_file_are_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(os.urandom(5 * BLOCK + 7))
    assert reopened(path) == []
    assert path.stat().st_size == SIZE


def test_old_records_stay_readable_until_the_ring_comes_round(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, size=SIZE)
    journal.scan(0)
    for n in range(1, 30):
        journal.append(b"%d" % n)
        journal.folded(n)
    journal.close()
    assert [number for number, _ in reopened(path, folded=0)] == list(range(14, 30))


def test_two_daemons_cannot_write_to_one_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", size=SIZE)
    with pytest.raises(StoreError, match="Another Tallywatt"):
        Journal(tmp_path / "journal", size=SIZE)
    Journal(tmp_path / "journal", read_only=True).close()
    journal.close()
