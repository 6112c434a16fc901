"""Lines of telegrams, one by one."""

import pytest

from appliance.protocols import obis


@pytest.mark.parametrize(
    ("line", "reference", "raw"),
    [
        ("1-0:1.8.0(000123.456*kWh)", "1-0:1.8.0", "000123.456*kWh"),
        ("1.8.0(000123.456*kWh)", "1.8.0", "000123.456*kWh"),
        ("3:0.2.8(50)", "3:0.2.8", "50"),
        ("1-0:1.8.0*255(1*kWh)", "1-0:1.8.0*255", "1*kWh"),
        ("1-0:31.7.0.255(001*A)", "1-0:31.7.0.255", "001*A"),
        ("1-0:72:32.0(00000)", "1-0:72:32.0", "00000"),
        ("0-0:96.13.0()", "0-0:96.13.0", ""),
        ("1-0:0.2.0((ER11))", "1-0:0.2.0", "(ER11)"),
        ("1-1:0.2.0((ER12)", "1-1:0.2.0", "(ER12"),
        ("C.1.0(1234)", "C.1.0", "1234"),
        ("F.F(00000000)", "F.F", "00000000"),
        ("0-0:96.13.0(caf\xe9 \xff\0)", "0-0:96.13.0", "caf\xe9 \xff\0"),
    ],
)
def test_a_line(line: str, reference: str, raw: str) -> None:
    assert obis.lines(line + "\r\n") == ([(reference, raw)], [])


@pytest.mark.parametrize(
    "line", ["garbage", "1-0:1.7.0", "1-0:1.7.0(1*kW) behind", "1-3:0.2.8)40(", "x1.7.0(1)"]
)
def test_what_is_no_line_is_said_to_be_none(line: str) -> None:
    assert obis.lines(f"1-0:2.7.0(0*kW)\r\n{line}\r\n") == ([("1-0:2.7.0", "0*kW")], [line])


def test_a_value_on_the_next_line_belongs_to_the_one_before() -> None:
    text = "0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00124.477)\r\n0-1:24.4.0(1)\r\n"
    found, unknown = obis.lines(text)
    assert found == [
        ("0-1:24.3.0", "090212160000)(00)(60)(1)(0-1:24.2.1)(m3)(00124.477"),
        ("0-1:24.4.0", "1"),
    ]
    assert unknown == []
    assert obis.values(found[0][1])[-2:] == ["m3", "00124.477"]


def test_a_text_broken_over_lines_is_one() -> None:
    text = "1-0:1.7.0(1*kW)\r\n0-0:96.13.0(3031\r\n3233\r\n3435)\r\n1-0:2.7.0(0*kW)\r\n"
    found, unknown = obis.lines(text)
    assert found == [("1-0:1.7.0", "1*kW"), ("0-0:96.13.0", "303132333435"), ("1-0:2.7.0", "0*kW")]
    assert unknown == []


def test_a_broken_line_does_not_swallow_the_next() -> None:
    found, unknown = obis.lines("1-0:1.7.0(00.1\r\n1-0:2.7.0(00.2*kW)\r\n")
    assert found == [("1-0:2.7.0", "00.2*kW")]
    assert unknown == ["1-0:1.7.0(00.1"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("00.123*kW", (0.123, "kw")),
        ("00052185.7825309*kWh", (52185.7825309, "kwh")),
        ("-03.618*kW", (-3.618, "kw")),
        ("0001", (1.0, "")),
        ("00092.287*m\xb3", (92.287, "m\xb3")),
        ("", None),
        ("*kWh", None),
        ("1e5*kWh", None),
        ("nan*kWh", None),
        ("1_0*kWh", None),
        ("1.2.3*kWh", None),
        ("9" * 400 + "*kWh", None),
        ("\xb2*kWh", None),
    ],
)
def test_numbers(value: str, expected: tuple[float, str] | None) -> None:
    assert obis.number(value) == expected


def test_references_with_and_without_medium_and_period() -> None:
    assert obis.code("1-0:1.8.0*255") == obis.Code(1, 0, "1.8.0")
    assert obis.code("1.8.0") == obis.Code(None, 0, "1.8.0")
    assert obis.code("0-2:24.2.1") == obis.Code(0, 2, "24.2.1")
    assert obis.code("1-0:31.7.0.255") == obis.Code(1, 0, "31.7.0")
    assert obis.code("1-0:99:97.0") == obis.Code(1, 0, "99.97.0")
    with pytest.raises(ValueError, match="no OBIS reference"):
        obis.code("hello")
