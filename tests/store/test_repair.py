"""Damaged, missing, full: the store opens, says what happened, and gives back what can be given back."""

import asyncio
import math
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from store_facts import STOCKHOLM, T0, W, fold, power, register, seal

from appliance.clock import DAY_MS, HOUR_MS, FakeClock
from appliance.errors import StoreError
from appliance.model import Event, Reading
from appliance.store import Store, backup, inbox, schema
from bench import kills


async def _lived_in(folder: Path, clock: FakeClock, *, copied: bool) -> list[Reading]:
    """Two days of readings; a copy in between; the last hours in the journal only."""
    readings = [register(100 + n / 10, T0 + n * HOUR_MS) for n in range(48)]
    async with Store(folder, clock, STOCKHOLM) as store:
        for n, reading in enumerate(readings):
            store.append([reading, Event("p1", "hour", reading.at, f"hour {n}")])
            clock.tick(3600)
            await store.flush()
            if n == 30 and copied:
                await store.backup()
            if n == 40:
                store._log.fold()
        await store.move_cursor("push", (await store.after(0, limit=48))[7].seq)
    return readings


def _rubbish(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def _torn_pages(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(1, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(os.urandom(512))


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("damage", [_rubbish, _torn_pages, _cut, _empty, Path.unlink])
async def test_a_damaged_database_is_set_aside_and_nothing_is_lost(
    tmp_path: Path, clock: FakeClock, damage: Callable[[Path], None]
) -> None:
    readings = await _lived_in(tmp_path, clock, copied=True)
    damage(tmp_path / "readings.db")
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        (told,) = store.opened
        assert told.name == "store_restored"
        assert "The copy of 2026-03-03 07:00 UTC is used" in told.text
        assert "replace it soon" in told.text
        rows = await store.after(0, limit=100)
        assert [row.reading for row in rows] == readings
        assert len(await store.events(limit=100)) == 48
        assert await store.cursor("push") == rows[7].seq
        store.append([power(1, clock.now())])
        await store.flush()
        assert (await store.after(rows[-1].seq))[0].seq > rows[-1].seq + 2**20
    aside = tmp_path / "readings.db.corrupt-20260304T000000Z"
    assert (aside.name in os.listdir(tmp_path)) == (damage is not Path.unlink)
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        assert store.opened == []
        assert len(await store.after(0, limit=100)) == 49


async def test_without_a_copy_the_history_begins_anew_with_the_journal(
    tmp_path: Path, clock: FakeClock
) -> None:
    readings = await _lived_in(tmp_path, clock, copied=False)
    _rubbish(tmp_path / "readings.db")
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        (told,) = store.opened
        assert told.name == "store_lost"
        assert "begins anew" in told.text
        assert [row.reading for row in await store.after(0, limit=100)] == readings


async def test_a_damaged_copy_is_passed_over_for_the_older_one(tmp_path: Path, clock: FakeClock) -> None:
    readings = await _lived_in(tmp_path, clock, copied=True)
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        newest = await store.backup()
    assert newest == tmp_path / backup.NAMES[1]
    _torn_pages(newest)
    _rubbish(tmp_path / "readings.db")
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        assert store.opened[0].name == "store_restored"
        assert [row.reading for row in await store.after(0, limit=100)] == readings


async def test_damage_found_while_running_is_told_and_mended_at_the_next_start(
    tmp_path: Path, clock: FakeClock
) -> None:
    readings = await _lived_in(tmp_path, clock, copied=True)
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        store._log._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _torn_pages(tmp_path / "readings.db")
        with pytest.raises(StoreError, match="damaged"):
            await store.after(0, limit=100)
        assert store.problem is not None
        assert "restart" in store.problem
        with pytest.raises(StoreError, match="restart"):
            await store.check()
        store.append([power(7, T0 + 3 * DAY_MS)])
        await store.flush()
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        assert store.opened[0].name == "store_restored"
        assert [r.reading for r in await store.after(0, limit=100)] == [*readings, power(7, T0 + 3 * DAY_MS)]
        await store.check()


async def test_one_unreadable_block_costs_only_itself(tmp_path: Path, clock: FakeClock) -> None:
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        store.append([power(n, T0 + n * HOUR_MS) for n in range(72)])
        await seal(store, clock, 4)
        db = sqlite3.connect(tmp_path / "readings.db")
        cut = "UPDATE block SET data = substr(data, 1, length(data) - 9) WHERE day = ?"
        db.execute(cut, (T0 // DAY_MS + 1,))
        db.commit()
        db.close()
        at, _, _ = await store.raw("p1", W, T0, T0 + 3 * DAY_MS)
        assert len(at) == 48
        assert store.problem is not None
        assert "2026-03-03" in store.problem
        assert len(await store.after(0)) == 48
        await store.check()


async def test_the_reading_before_a_moment_is_one_that_can_be_read(tmp_path: Path, clock: FakeClock) -> None:
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        for n in range(6):
            store.append([power(n, T0 + n * HOUR_MS)])
            await store.flush()
            await fold(store)
        db = sqlite3.connect(tmp_path / "readings.db")
        two = "SELECT seq_first FROM block ORDER BY seq_first LIMIT 2 OFFSET 3"
        cut = f"UPDATE block SET data = substr(data, 1, length(data) - 9) WHERE seq_first IN ({two})"
        assert db.execute(cut).rowcount == 2
        db.commit()
        db.close()
        before, *_ = await store.around("p1", W, T0 + 4 * HOUR_MS + 1)
        assert before == power(2, T0 + 2 * HOUR_MS)


async def test_copies_hold_what_the_store_holds_and_take_turns(tmp_path: Path, clock: FakeClock) -> None:
    def content(path: Path) -> list[object]:
        db = schema.connect(path, read_only=True)
        tables = ("block", "axis", "event", "rollup", "price", "series", "cursor", "exchange", "migration")
        found = [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]
        db.close()
        return found

    async with Store(tmp_path, clock, STOCKHOLM) as store:
        used = set()
        for day in range(5):
            for n in range(24):
                at = T0 + day * DAY_MS + n * HOUR_MS
                store.append([power(n, at), register(day + n / 24, at), power(1, T0 + n)])
                clock.tick(3600)
            await store.maintain()
            assert store.problem is None
            newest = backup.newest_first(tmp_path)[0]
            used.add(newest.name)
            assert content(newest) == content(tmp_path / "readings.db")
        assert used == set(backup.NAMES)


async def test_two_who_want_a_copy_at_once_both_get_one(store: Store, tmp_path: Path) -> None:
    store.append([power(1, T0)])
    await store.flush()
    made = await asyncio.gather(*(store.backup() for _ in range(4)))
    assert {path.name for path in made} == set(backup.NAMES)
    assert store.problem is None


async def test_a_newer_version_s_database_is_refused_and_left_alone(tmp_path: Path, clock: FakeClock) -> None:
    async with Store(tmp_path, clock, STOCKHOLM):
        pass
    db = sqlite3.connect(tmp_path / "readings.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="newer Tallywatt"):
        await Store(tmp_path, clock, STOCKHOLM).__aenter__()
    assert not [name for name in os.listdir(tmp_path) if "corrupt" in name]


async def test_a_database_that_takes_no_more_is_told_and_carries_on_by_itself(
    store: Store, clock: FakeClock
) -> None:
    db = store._log._db
    store.append([power(-1, T0 - 1)])
    await fold(store)
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages}")
    for n in range(3000):
        store.append([power(math.sqrt(n), T0 + n)])
    clock.tick(3600)
    await store.flush()
    assert store.problem is not None
    assert "disk is full" in store.problem
    await store.check()
    assert len(await store.after(0, limit=5000)) == 3001
    db.execute("PRAGMA max_page_count = 1000000")
    store.append([power(1, T0 + 5000)])
    await store.flush()
    assert store.problem is None
    assert store._log.tail == ()
    assert len((await store.raw("p1", W, T0 - 1, T0 + 9000))[0]) == 3002


async def test_when_nothing_can_be_committed_the_newest_are_kept(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MOST_READINGS", 100)
    monkeypatch.setattr(inbox, "BATCH_READINGS", 10)
    journal = store._journal
    assert journal is not None
    good, full = journal._file, os.open("/dev/full", os.O_RDWR)
    journal._file = full
    try:
        for n in range(250):
            store.append([power(n, T0 + n)])
            if n % 100 == 0:
                store.append([Event("p1", "said", T0 + n, "said")])
                with pytest.raises(StoreError, match="disk is full"):
                    await store.flush()
        assert store.problem is not None
        assert "held in memory" in store.problem
        assert await store.latest() == [power(249, T0 + 249)]
        assert 90 <= len((await store.raw("p1", W, T0, T0 + 1000))[0]) <= 110
    finally:
        journal._file = good
        os.close(full)
    await store.flush()
    assert store.problem is None
    kept = [row.reading.value for row in await store.after(0)]
    newest = [value for value in kept if value >= 100]  # one batch of the first was being committed
    assert newest == list(range(250 - len(newest), 250))
    assert 80 <= len(newest) <= len(kept) <= 110
    names = [stored.event.name for stored in await store.events()]
    assert names == ["readings_lost", "said", "said", "said"]
    assert f"{250 - len(kept)} readings" in (await store.events())[0].event.text


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB of its own; mounting one takes root."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system takes root; the same is tested above by SQLite's own limit")
    mount = tmp_path / "tiny"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", mount], check=False)
    if done.returncode:
        pytest.skip("nothing can be mounted here (a container without the right to)")
    yield mount
    subprocess.run(["umount", mount], check=True)


def _fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


async def test_a_disk_that_fills_up_and_is_cleaned(tiny_disk: Path, clock: FakeClock) -> None:
    async with Store(tiny_disk, clock, STOCKHOLM) as store:
        store.append([power(0, T0)])
        await fold(store)
        filler = tiny_disk / "filler"
        _fill(filler)
        for n in range(1, 5000):
            store.append([power(math.sqrt(n), T0 + n * 1000)])
        for _ in range(30):
            clock.tick(3600)
            store.append([power(1, clock.now())])
            await store.flush()
        assert store.problem is not None
        assert "disk is full" in store.problem
        await store.check()
        filler.unlink()
        await store.flush()
        clock.tick(60)
        store.append([power(2, clock.now())])
        await store.flush()
        assert store.problem is None
        assert len(store._log.tail) == 1
    async with Store(tiny_disk, clock, STOCKHOLM) as store:
        assert store.opened == []
        assert len(await store.after(0, limit=9000)) == 5031


async def test_killed_at_random_nothing_committed_is_lost() -> None:
    # How much of the newest may be missing is measured by `python -m bench.kills`, on a quiet machine.
    kept, _ = await asyncio.to_thread(kills.drill, 6, 7, math.inf)
    assert kept > 0


async def test_it_opens_on_a_full_disk(tiny_disk: Path, clock: FakeClock) -> None:
    async with Store(tiny_disk, clock, STOCKHOLM) as store:
        store.append([power(0, T0)])
        await fold(store)
        store.append([power(1, T0 + 1)])
    _fill(tiny_disk / "filler")
    async with Store(tiny_disk, clock, STOCKHOLM) as store:
        store.append([power(2, T0 + 2)])
        await store.flush()
        assert [row.reading.value for row in await store.after(0)] == [0, 1, 2]
        await store.check()


async def test_an_onlooker_needs_no_daemon(tmp_path: Path, clock: FakeClock) -> None:
    readings = await _lived_in(tmp_path, clock, copied=False)
    async with Store(tmp_path, clock, STOCKHOLM, read_only=True) as store:
        assert [row.reading for row in await store.after(0)] == readings
    with pytest.raises(StoreError, match="nothing to read"):
        await Store(tmp_path / "nowhere", clock, STOCKHOLM, read_only=True).__aenter__()
