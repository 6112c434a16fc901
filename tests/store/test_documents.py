"""Documents survive: rewritten whole, capped, safe from threads, mended when the file is not."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from store_facts import STOCKHOLM

from appliance.clock import FakeClock
from appliance.errors import StoreError
from appliance.store import Documents, Store


def test_documents_are_kept_by_key(tmp_path: Path) -> None:
    documents = Documents(tmp_path)
    assert documents.get("access", "pin") is None
    documents.put("access", "pin", {"hash": "å", "tries": 0})
    documents.put("access", "pin", {"hash": "ö", "tries": 1})
    documents.put("access", "token", {"x": [1, None]})
    again = Documents(tmp_path)
    assert again.get("access", "pin") == {"hash": "ö", "tries": 1}
    assert again.all("access") == [{"hash": "ö", "tries": 1}, {"x": [1, None]}]
    again.delete("access", "pin")
    again.delete("access", "pin")
    assert Documents(tmp_path).all("access") == [{"x": [1, None]}]
    assert (tmp_path / "documents.json").stat().st_mode & 0o077 == 0


def test_a_list_keeps_its_newest(tmp_path: Path) -> None:
    documents = Documents(tmp_path)
    for n in range(25):
        documents.append("notices", {"n": n}, keep=10)
    assert Documents(tmp_path).all("notices") == [{"n": n} for n in range(15, 25)]


def test_changing_what_was_handed_out_changes_nothing(tmp_path: Path) -> None:
    documents = Documents(tmp_path)
    documents.put("t", "k", {"list": [1]})
    found = documents.get("t", "k")
    assert found is not None
    found["list"].append(2)
    assert documents.get("t", "k") == {"list": [1]}


@pytest.mark.parametrize("rubbish", [b"", b'{"access": {"1": {"ke', b"[1]", b'{"access": 5}', b"\xff\xfe"])
async def test_an_unreadable_file_is_set_aside_and_the_version_before_used(
    tmp_path: Path, rubbish: bytes
) -> None:
    documents = Documents(tmp_path)
    documents.put("access", "pin", {"n": 1})
    documents.put("access", "pin", {"n": 2})
    documents.path.write_bytes(rubbish)
    async with Store(tmp_path, FakeClock(), STOCKHOLM) as store:
        assert store.documents.get("access", "pin") == {"n": 1}
        (told,) = store.opened
        assert told.name == "documents_restored"
        assert "set aside as documents.json.corrupt-" in told.text
    (aside,) = (name for name in os.listdir(tmp_path) if "corrupt" in name)
    assert (tmp_path / aside).read_bytes() == rubbish
    assert Documents(tmp_path).get("access", "pin") == {"n": 1}


def test_with_no_version_left_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "documents.json").write_text("{")
    documents = Documents(tmp_path)
    assert documents.all("access") == []
    assert "set again what it held" in documents.notes[0]
    documents.put("access", "pin", {"n": 1})
    assert Documents(tmp_path).get("access", "pin") == {"n": 1}


def test_a_file_that_went_missing_is_replaced_by_the_one_before(tmp_path: Path) -> None:
    documents = Documents(tmp_path)
    documents.put("t", "k", {"n": 1})
    documents.put("t", "k", {"n": 2})
    documents.path.unlink()
    assert Documents(tmp_path).get("t", "k") == {"n": 1}


def test_a_failed_write_leaves_the_old_and_is_told(tmp_path: Path) -> None:
    documents = Documents(tmp_path)
    documents.put("t", "k", {"n": 1})
    (tmp_path / "documents.json.new").mkdir()
    with pytest.raises(StoreError, match="free some space or check the card"):
        documents.put("t", "k", {"n": 2})
    assert documents.get("t", "k") == {"n": 1}
    (tmp_path / "documents.json.new").rmdir()
    documents.put("t", "k", {"n": 3})
    assert Documents(tmp_path).get("t", "k") == {"n": 3}


def test_threads_do_not_lose_one_another_s_changes(tmp_path: Path) -> None:
    documents = Documents(tmp_path)

    def work(name: str) -> None:
        for n in range(20):
            documents.put("t", f"{name}{n}", {"n": n})

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Documents(tmp_path).all("t")) == 60


WRITES = """
import sys
from pathlib import Path
from appliance.store.documents import Documents
documents = Documents(Path(sys.argv[1]))
n = (documents.get("t", "k") or {"n": -1})["n"]
while True:
    n += 1
    documents.put("t", "k", {"n": n, "ballast": "x" * 20000})
    print(n, flush=True)
"""


def test_killed_while_writing_the_last_version_is_there(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    for round_ in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITES, str(tmp_path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert child.stdout is not None
        said = [child.stdout.readline()]
        time.sleep(0.003 * round_)
        child.send_signal(signal.SIGKILL)
        said += child.stdout.read().splitlines()
        child.wait()
        documents = Documents(tmp_path)
        found = documents.get("t", "k")
        assert found is not None
        assert found["n"] >= int(said[-1])
        assert documents.notes == []
