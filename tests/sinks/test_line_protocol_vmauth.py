"""A fleet's front door: a real vmauth with a token for each appliance, as docs/FLEET.md describes it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from line_bench import START, Bench, as_samples, held, readings, running

from appliance.errors import SourceError
from tests.peers.process import free_port, listens
from tests.peers.process import running as started
from tests.peers.victoria_metrics import VictoriaMetrics, victoria_metrics

USER = """
  - bearer_token: "{token}"
    url_map:
      - src_paths: ["/write"]
        url_prefix: "{store}/?extra_label=appliance={name}"
      - src_paths: ["/api/v1/query"]
        url_prefix: "{store}/?extra_label=appliance={name}"
"""


@pytest.fixture
def door(need: Callable[[str, str], str], tmp_path: Path) -> Iterator[tuple[str, VictoriaMetrics]]:
    """Its address, and the store behind it: tokens "of-hut" and "of-barn"."""
    program = need("victoria-metrics", "victoria-metrics")
    port = free_port()
    with victoria_metrics(program, tmp_path / "vm") as store:
        users = [USER.format(token=f"of-{name}", name=name, store=store.url) for name in ("hut", "barn")]
        (tmp_path / "auth.yml").write_text("users:" + "".join(users))
        command = [need("vmauth", "victoria-metrics"), f"-auth.config={tmp_path / 'auth.yml'}"]
        command += [f"-httpListenAddr=127.0.0.1:{port}"]
        with started(command, tmp_path / "vmauth", lambda: listens(port)):
            yield f"http://127.0.0.1:{port}", store


async def test_a_token_writes_and_reads_one_appliance_whatever_it_claims(
    door: tuple[str, VictoriaMetrics], tmp_path: Path
) -> None:
    url, store = door
    for name, claims in (("hut", "hut"), ("barn", "hut")):
        bench = Bench(tmp_path / name, running(), claims)
        async with bench.store:
            await bench.keep(*readings(20))
            sink = bench.sink(url, flavour="victoria_metrics", token=f"of-{name}")
            await sink._round()
            assert bench.report.said[-1] == ("ok", "Everything is delivered")
            store.flush()
            verdict = await sink.verify(again=False)
            # The barn's token is answered of the barn alone, and it asks of the hut.
            assert bool(verdict.gaps) is (name == "barn")
    for name in ("hut", "barn"):
        found = store.samples(f'tallywatt_value{{appliance="{name}"}}', START)
        assert sorted(found) == as_samples(readings(20), name)


async def test_a_token_that_nobody_knows_is_told(door: tuple[str, VictoriaMetrics], tmp_path: Path) -> None:
    bench = Bench(tmp_path / "store", held())
    async with bench.store:
        await bench.keep(*readings(1))
        sink = bench.sink(door[0], flavour="victoria_metrics", token="of-nobody")
        with pytest.raises(SourceError, match="check the token"):
            await sink.test()
        assert await sink._round() > 600
        assert bench.report.said[-1][0] == "needs_you"
        assert "of-nobody" not in bench.report.said[-1][1], (
            "vmauth says the token, and it is nobody's to read"
        )
        assert sink.delivery.pending == 3
