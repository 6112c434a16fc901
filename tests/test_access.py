"""The owner's PIN and the API's token."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from appliance import access
from appliance.access import Access, Refused
from appliance.clock import FakeClock
from appliance.errors import StoreError
from appliance.store.documents import Documents
from config.secrets import SecretBox

REAL_HASHER = access.HASHER
PIN, OTHER = "4711", "0815"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of the same kind, weak enough to be made by the dozen."""
    monkeypatch.setattr(access, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys(tmp_path: Path, clock: FakeClock) -> Access:
    return started(tmp_path, clock)


def started(folder: Path, clock: FakeClock) -> Access:
    """As after a start of the appliance on that folder."""
    made = Access(Documents(folder), SecretBox(folder), clock)
    made.load()
    return made


async def refused(keys: Access, pin: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await keys.check_pin(pin)
    return caught.value


async def use_up_tries(keys: Access) -> None:
    for _ in range(access.FREE_TRIES):
        await refused(keys, OTHER)


# The PIN


def test_the_hash_in_use_is_argon2id_of_the_strength_promised() -> None:
    assert REAL_HASHER.hash(PIN).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "１２３４", "²²²²", " 1234", "-123", "1.50"])
async def test_what_is_no_pin(keys: Access, pin: str) -> None:
    with pytest.raises(Refused, match="4 to 8 digits"):
        await keys.set_pin(pin)
    assert not keys.has_pin


@pytest.mark.parametrize("pin", ["0000", "12345678"])
async def test_the_first_pin_is_chosen_freely_and_kept_as_a_hash(
    keys: Access, tmp_path: Path, clock: FakeClock, pin: str
) -> None:
    assert "choose one first" in str(await refused(keys, pin))
    await keys.set_pin(pin)
    assert keys.has_pin
    text = (tmp_path / "documents.json").read_text()
    assert "$argon2id$" in text
    assert f'"{pin}"' not in text
    await started(tmp_path, clock).check_pin(pin)


async def test_a_new_pin_needs_the_old_one(keys: Access) -> None:
    await keys.set_pin(PIN)
    for old in (None, "", OTHER):
        with pytest.raises(Refused, match="Wrong PIN"):
            await keys.set_pin(OTHER, old)
    await keys.check_pin(PIN)
    await keys.set_pin(OTHER, PIN)
    await keys.check_pin(OTHER)
    await refused(keys, PIN)


async def test_of_two_first_choices_at_once_one_wins(keys: Access) -> None:
    results = await asyncio.gather(keys.set_pin(PIN), keys.set_pin(OTHER), return_exceptions=True)
    assert [type(result) for result in results].count(Refused) == 1
    await keys.check_pin(PIN if results[0] is None else OTHER)


async def test_five_tries_then_waits_that_double_to_an_hour(keys: Access, clock: FakeClock) -> None:
    await keys.set_pin(PIN)
    waits = [(await refused(keys, OTHER)).wait_s for _ in range(5)]
    assert waits == [0, 0, 0, 0, 30]
    for wait in (60, 120, 240, 480, 960, 1920, 3600, 3600):
        clock.tick(waits[-1] - 1)
        early = await refused(keys, PIN)
        assert early.wait_s == pytest.approx(1)
        assert str(early) == "Too many wrong PINs; try again in 1 s"
        clock.tick(1)
        waits.append((await refused(keys, OTHER)).wait_s)
        assert waits[-1] == wait
    clock.tick(3600)
    await keys.check_pin(PIN)
    assert (await refused(keys, OTHER)).wait_s == 0, "a right one begins the count anew"


async def test_the_wait_survives_a_restart(keys: Access, clock: FakeClock, tmp_path: Path) -> None:
    await keys.set_pin(PIN)
    await use_up_tries(keys)
    again = started(tmp_path, clock)
    assert (await refused(again, PIN)).wait_s == 30
    clock.tick(30)
    await again.check_pin(PIN)


async def test_set_pin_is_no_way_around_the_wait(keys: Access, clock: FakeClock) -> None:
    await keys.set_pin(PIN)
    for _ in range(access.FREE_TRIES):
        with pytest.raises(Refused):
            await keys.set_pin("9999", OTHER)
    with pytest.raises(Refused, match="Too many") as caught:
        await keys.set_pin("9999", PIN)
    assert caught.value.wait_s == 30
    assert (await refused(keys, PIN)).wait_s == 30
    clock.tick(30)
    await keys.check_pin(PIN)


async def test_tries_at_once_are_counted_one_by_one(keys: Access) -> None:
    await keys.set_pin(PIN)
    results = await asyncio.gather(*(keys.check_pin(f"{n:04}") for n in range(20)), return_exceptions=True)
    texts = [str(result) for result in results]
    assert texts.count("Wrong PIN") == 4
    assert sum("Too many" in text for text in texts) == 15


async def test_a_clock_set_back_costs_the_owner_one_wait_and_not_years(
    keys: Access, clock: FakeClock, tmp_path: Path
) -> None:
    clock.jump(4 * 365 * 86_400_000)
    await keys.set_pin(PIN)
    await use_up_tries(keys)
    clock.jump(-4 * 365 * 86_400_000)
    assert (await refused(keys, PIN)).wait_s == 30
    again = started(tmp_path, clock)
    clock.tick(29)
    assert (await refused(again, PIN)).wait_s == pytest.approx(1)
    clock.tick(1)
    await again.check_pin(PIN)


async def test_a_full_card_neither_locks_the_owner_out_nor_gives_endless_tries(
    keys: Access, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keys.set_pin(PIN)

    def full(*_: Any) -> None:
        raise StoreError("documents.json cannot be written (No space left on device)")

    monkeypatch.setattr(Documents, "put", full)
    await refused(keys, OTHER)
    await keys.check_pin(PIN)
    await use_up_tries(keys)
    assert (await refused(keys, PIN)).wait_s == 30
    clock.tick(30)
    await keys.check_pin(PIN)


# Unlocked sessions


async def test_a_session_is_unlocked_for_five_minutes_and_no_other_with_it(
    keys: Access, clock: FakeClock
) -> None:
    await keys.set_pin(PIN)
    with pytest.raises(Refused):
        await keys.unlock("browser", OTHER)
    assert keys.unlocked("browser") == 0
    await keys.unlock("browser", PIN)
    assert keys.unlocked("browser") == 300
    assert keys.unlocked("other") == 0
    clock.jump(86_400_000)
    clock.tick(299)
    assert keys.unlocked("browser") == pytest.approx(1), "only time that passes counts"
    clock.tick(1)
    assert keys.unlocked("browser") == 0


async def test_locked_again_by_hand_and_by_a_new_pin(keys: Access) -> None:
    await keys.set_pin(PIN)
    await keys.unlock("a", PIN)
    await keys.unlock("b", PIN)
    keys.lock("a")
    keys.lock("never unlocked")
    assert (keys.unlocked("a"), keys.unlocked("b") > 0) == (0, True)
    await keys.set_pin(OTHER, PIN)
    assert keys.unlocked("b") == 0


# The token


def test_the_token_is_made_once_and_shown_once(keys: Access, tmp_path: Path, clock: FakeClock) -> None:
    again = started(tmp_path, clock)
    assert again.has_new_token, "nobody has seen it before the restart"
    token = again.take_new_token()
    assert token is not None
    assert len(token) >= 43
    assert keys.token_ok(token), "the restart made no other"
    assert not again.has_new_token
    assert again.take_new_token() is None
    third = started(tmp_path, clock)
    assert third.take_new_token() is None
    assert third.token_ok(token)
    assert token not in (tmp_path / "documents.json").read_text()


def test_what_is_not_the_token(keys: Access) -> None:
    token = keys.take_new_token()
    assert token is not None
    for wrong in ("", token[:-1], token + "=", token.swapcase(), "é"):
        assert not keys.token_ok(wrong)


def test_before_it_is_loaded_nothing_is_the_token(tmp_path: Path, clock: FakeClock) -> None:
    assert not Access(Documents(tmp_path), SecretBox(tmp_path), clock).token_ok("")


def test_tokens_are_compared_in_constant_time(keys: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        seen.append((one, other))
        return False

    monkeypatch.setattr("appliance.access.hmac.compare_digest", compare)
    assert not keys.token_ok(keys.take_new_token() or "")
    assert [len(one) == len(other) == 32 for one, other in seen] == [True]


def test_a_renewed_token_ends_the_old_one(keys: Access, tmp_path: Path, clock: FakeClock) -> None:
    old = keys.take_new_token() or ""
    keys.renew_token()
    new = keys.take_new_token() or ""
    for each in (keys, started(tmp_path, clock)):
        assert each.token_ok(new)
        assert not each.token_ok(old)


def test_with_the_key_lost_there_is_a_new_token(keys: Access, tmp_path: Path, clock: FakeClock) -> None:
    old = keys.take_new_token() or ""
    (tmp_path / "tallywatt.key").unlink()
    again = started(tmp_path, clock)
    new = again.take_new_token() or ""
    assert again.token_ok(new)
    assert not again.token_ok(old)


def test_a_token_that_could_not_be_marked_as_shown_is_shown_again(
    keys: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StoreError("full")

    with monkeypatch.context() as patch:
        patch.setattr(Documents, "put", full)
        with pytest.raises(StoreError):
            keys.take_new_token()
    assert keys.take_new_token() is not None
