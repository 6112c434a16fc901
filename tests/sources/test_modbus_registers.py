"""Modbus registers: requests, words, zeros."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import SourceError
from appliance.sources._modbus_registers import (
    MODELS,
    WAYS,
    Register,
    Request,
    Way,
    believed,
    decoded,
    number,
    plan,
)

TYPES = ("float32", "uint16", "int16", "uint32", "int32", "uint64", "int64")
REGISTERS = st.lists(
    st.builds(
        Register,
        st.integers(0, 400),
        st.just("x"),
        st.sampled_from(TYPES),
        function=st.sampled_from(("input", "holding")),
    ),
    min_size=1,
    max_size=25,
)


def addresses(register: Register) -> set[tuple[str, int]]:
    return {(register.function, address) for address in range(register.address, register.end)}


def read(requests: list[Request]) -> list[set[tuple[str, int]]]:
    return [{(r.function, r.address + n) for n in range(r.count)} for r in requests]


@given(REGISTERS, st.sampled_from(WAYS))
def test_every_register_comes_whole_in_one_request_of_the_allowed_length(
    registers: list[Register], way: Way
) -> None:
    requests = plan(registers, way)
    for register in registers:
        assert any(addresses(register) <= words for words in read(requests))
    # A single value or values that overlap are never torn apart, whatever the limit.
    assert all(r.count <= max(way.most, 4 * len(registers)) for r in requests)
    if way.most:
        assert all(r.count <= way.most for r in requests)


@given(REGISTERS)
def test_no_register_is_asked_for_nothing_where_holes_are_left_out(registers: list[Register]) -> None:
    wanted = set().union(*map(addresses, registers))
    assert set().union(*read(plan(registers, Way(50, False)))) == wanted


@given(st.lists(st.builds(Register, st.integers(0, 200), st.just("x")), min_size=1, max_size=7))
def test_there_is_no_plan_with_fewer_requests(registers: list[Register]) -> None:
    """Held against every set of windows that begin at some register."""
    starts = sorted({register.address for register in registers})

    def fewest(left: frozenset[Register]) -> int:
        if not left:
            return 0
        return 1 + min(
            fewest(frozenset(r for r in left if not (start <= r.address and r.end <= start + 80)))
            for start in starts
            if any(start <= r.address and r.end <= start + 80 for r in left)
        )

    assert len(plan(registers)) == fewest(frozenset(registers))


@pytest.mark.parametrize("model", MODELS)
def test_every_eastron_meter_is_read_with_one_request(model: str) -> None:
    assert plan(MODELS[model]) == [Request("input", 0, 76)]


def test_the_places_of_the_three_phase_meter() -> None:
    places = {register.name: register.address for register in MODELS["sdm630"]}
    assert [places[f"voltage_l{n}_v"] for n in (1, 2, 3)] == [0, 2, 4]
    assert [places[f"current_l{n}_a"] for n in (1, 2, 3)] == [6, 8, 10]
    assert [places[f"power_l{n}_w"] for n in (1, 2, 3)] == [12, 14, 16]
    assert (places["power_w"], places["frequency_hz"]) == (52, 70)
    assert (places["energy_import_kwh"], places["energy_export_kwh"]) == (72, 74)


@pytest.mark.parametrize(
    ("words", "kind", "order", "expected"),
    [
        ((0x4366, 0x3333), "float32", "big", 230.2),  # 230.2 V as the manual's floats are written
        ((0x3333, 0x4366), "float32", "little", 230.2),
        ((0xFFFE,), "int16", "big", -2),
        ((0xFFFE,), "uint16", "big", 65534),
        ((0x0001, 0x0000), "uint32", "big", 65536),
        ((0x0000, 0x0001), "uint32", "little", 65536),
        ((0xFFFF, 0xFFFF), "int32", "big", -1),
        ((0, 0, 0x0001, 0x0000), "uint64", "big", 65536),
        ((0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE), "int64", "big", -2),
    ],
)
def test_words(words: tuple[int, ...], kind: str, order: str, expected: float) -> None:
    register = Register(0, "x", kind, order)  # type: ignore[arg-type]
    assert number(words, register) == expected
    assert number(words, Register(0, "x", kind, order, scale=0.1)) == pytest.approx(expected / 10)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ((0x7FC0, 0), "float32"),
        ((0xFFFF, 0xFFFF), "float32"),
        ((0x7F80, 0), "float32"),
        ((0xFF80, 0), "float32"),
        ((0xFFFF,), "uint16"),
        ((0x8000,), "int16"),
        ((0xFFFF, 0xFFFF), "uint32"),
        ((0x8000, 0), "int32"),
        ((0xFFFF,) * 4, "uint64"),
        ((0x8000, 0, 0, 0), "int64"),
    ],
)
def test_what_stands_for_nothing_is_no_number(words: tuple[int, ...], kind: str) -> None:
    assert number(words, Register(0, "x", kind)) is None  # type: ignore[arg-type]
    assert decoded({("input", n): word for n, word in enumerate(words)}, [Register(0, "x", kind)]) == {}  # type: ignore[arg-type]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_comes_back_as_exactly_as_the_meter_holds_it(value: float) -> None:
    words = struct.unpack(">2H", struct.pack(">f", value))
    back = number(words, Register(0, "x"))
    assert back is not None
    assert math.isclose(back, value, rel_tol=1e-6, abs_tol=1e-44)


def test_zeros_of_a_meter_that_runs_on_what_it_measures_say_nothing() -> None:
    asleep = {"voltage_l1_v": 0.0, "power_w": 0.0, "frequency_hz": 0.0, "energy_import_kwh": 12.5}
    assert believed(asleep, True) == {"energy_import_kwh": 12.5}
    with pytest.raises(SourceError, match="measured nothing"):
        believed({"voltage_l1_v": 0.0, "power_w": 0.0, "energy_import_kwh": 0.0}, True)


def test_zeros_of_a_new_meter_are_true_while_it_sees_the_mains() -> None:
    new = {"voltage_l1_v": 230.0, "power_w": 0.0, "frequency_hz": 50.0, "energy_import_kwh": 0.0}
    assert believed(new, True) == new


def test_a_dead_phase_is_0_v() -> None:
    values = {"voltage_l1_v": 230.0, "voltage_l2_v": 0.0, "frequency_hz": 50.0}
    assert believed(values, True) == values


@pytest.mark.parametrize(
    ("frequency", "kept"),
    [
        ({"frequency": 0.0}, {"voltage_l1": 0.0, "energy_import": 7.0}),
        ({"frequency": 50.0}, {"frequency": 50.0, "energy_import": 7.0}),
        ({}, {"energy_import": 7.0}),
    ],
)
def test_0_v_of_a_meter_with_its_own_supply_needs_a_frequency_of_0(
    frequency: dict[str, float], kept: dict[str, float]
) -> None:
    assert believed({"voltage_l1": 0.0, "energy_import": 7.0, **frequency}, False) == kept
