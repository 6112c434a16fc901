"""JSON that is not: each mistake at its line and column, in words that say what to do."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.text import TextMistake, decoded, parsed, placed

WRONG = [
    ('{"a": 1,}', 1, 8, "this comma has nothing after it"),
    ('{"a": [1,\n]}', 1, 9, "this comma has nothing after it"),
    ('{"a": 1\n "b": 2}', 1, 8, "a comma is missing here"),
    ('{\n\t"a": True}', 2, 7, "write true instead of True"),
    ('{"a": -Infinity}', None, None, "-Infinity is not a number"),
    ('{"a": NaN}', None, None, "write null where a value is not known"),
    ('{"a": hello}', 1, 7, 'text needs quotes: "hello"'),
    ("{'a': 1}", 1, 2, "double quotes"),
    ('{"a" 1}', 1, 5, "a colon is missing"),
    ('{"a": 1', 1, 8, "a closing } or ] is missing"),
    ('{"a":', 1, 6, "a closing } or ] is missing"),
    ("", None, None, "the file is empty"),
    (" \n", None, None, "the file is empty"),
    ("[]", 1, None, "one group of options in { }"),
    ('{"a":"x\ny"}', 1, 8, "a line ends inside a text"),
    ("{} {}", 1, 4, "the configuration has ended before this"),
    ('{"a": "x', 1, 7, 'no closing "'),
    ("// hello\n{}", 1, 1, "JSON has no comments"),
    ('{ # hello\n"a": 1}', 1, 3, "JSON has no comments"),
    (r'{"a": "C:\q"}', 1, 10, r"write \\ for a backslash"),
    ("[" * 100_000, None, None, "nested far too deep"),
    ('{"a": ' + "9" * 5000 + "}", None, None, "thousands of digits"),
]


@pytest.mark.parametrize(("text", "line", "column", "words"), WRONG, ids=[w[3] for w in WRONG])
def test_every_mistake_has_its_place_and_words(
    text: str, line: int | None, column: int | None, words: str
) -> None:
    with pytest.raises(TextMistake) as caught:
        parsed(text)
    mistake = caught.value.mistake
    assert (mistake.line, mistake.column) == (line, column)
    assert words in mistake.text


def test_the_caret_stands_below_the_spot_also_after_a_tab() -> None:
    with pytest.raises(TextMistake) as caught:
        parsed('{\n\t"a": hello}')
    assert caught.value.mistake.excerpt == '\t"a": hello}\n\t     ^'


def test_utf8_with_and_without_a_mark() -> None:
    assert decoded("\ufeff{}".encode()) == "{}"
    assert decoded('{"å": 1}'.encode()) == '{"å": 1}'
    with pytest.raises(TextMistake, match=r"line 2.*UTF-8"):
        decoded('{\n"å": 1}'.encode("latin-1"))


def test_an_option_given_twice_is_found_with_both_lines() -> None:
    lines, twice = placed('{"web": {"port": 1,\n"x": [{"port": 2}],\n"port": 3}}')
    assert [str(mistake) for mistake in twice] == ["line 3, web.port: is given twice, first in line 1"]
    assert lines["web", "x", 0, "port"] == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path}.union(*(_paths(inner, (*path, key)) for key, inner in items))


@given(document=st.dictionaries(st.text(max_size=5), JSON, max_size=5), indent=st.sampled_from([None, 1]))
def test_every_option_of_any_document_has_a_line(document: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    lines, twice = placed(text)
    assert set(lines) == _paths(document)
    assert not twice
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


@given(st.text(max_size=40) | st.from_regex(r'[\[\]{}",:0-9a]{0,20}', fullmatch=True))
def test_any_text_is_a_document_or_a_mistake(text: str) -> None:
    try:
        document = parsed(text)
    except TextMistake as error:
        told = error.mistake.text
    else:
        told = "a document"
        assert document == json.loads(text)
        placed(text)
    assert told
