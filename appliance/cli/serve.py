"""`tallywatt run` and `tallywatt demo`: the composition root."""

import signal
import socket
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.common import CONFIG, Refused, config_option, data_option, is_default, kinds
from appliance.errors import SourceError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from appliance.apart import Apart
    from appliance.clock import Clock
    from config.schema import Config

PLACES = {
    "sweden": ("house", "appliance.demo:VirtualHouse"),
    "india": ("flat", "appliance.demo.flat:VirtualFlat"),
    "canada": ("condo", "appliance.demo.condo:VirtualCondo"),
}
"""Virtual places: the folder each is kept in, and what builds it in a process of its own."""
SETUP = (
    "There is no configuration yet at {path}. Write one (config/examples/ has one for each kind of "
    "installation, docs/CONFIGURATION.md describes every option), check it with `tallywatt check {path}` "
    "and start again"
)


@click.command(
    epilog="""\b
Examples:
  tallywatt run
  tallywatt run --config ~/config.json --data ~/tallywatt --port 8090"""
)
@config_option
@data_option
@click.option("--host", help="Address to listen on, instead of web.host.")
@click.option("--port", type=click.IntRange(1, 65535), help="TCP port, instead of web.port.")
def run(config_path: Path, data_dir: Path, host: str | None, port: int | None) -> None:
    """Run the appliance until it is stopped.

    A configuration with mistakes does not keep it from starting: what is right in it runs, and the Health
    page and the log say what is wrong and where.
    """
    from appliance.clock import RealClock

    _prepare(data_dir)
    config, problems = _configuration(config_path, data_dir)
    _start_logging(config, problems)
    listener = listen(host or config.web.host, port or config.web.port)
    others, busy = listen_also(config, listener)
    serve(build(_listening(config, listener), data_dir, RealClock(), [*problems, *busy]), listener, *others)


@click.command(
    epilog="""\b
Examples:
  tallywatt demo
  tallywatt demo --speed 60 --port 8090
  tallywatt demo --place india"""
)
@click.option(
    "--place",
    type=click.Choice(list(PLACES)),
    default="sweden",
    show_default=True,
    help="A house with sun and battery, a flat with a prepaid meter and a generator, or a flat whose meters "
    "only a customer portal knows.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 3600),
    default=1.0,
    show_default=True,
    help="How many times as fast as ours time runs there.",
)
@click.option(
    "--weather/--no-weather",
    default=True,
    show_default=True,
    help="Sweden: lamps, daylight, glare, fog, dust, spiders and knocks before the camera, or none of them.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="TCP port.")
@click.option(
    "--data",
    "data_dir",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Keep what is read here; left out, it is forgotten at the end.",
)
def demo(place: str, speed: float, weather: bool, host: str, port: int, data_dir: Path | None) -> None:
    """Run the appliance against a virtual house, until it is stopped.

    The house in Sweden has a meter with a camera in front of it and a P1 port, solar panels, a battery,
    HomeWizard meters, and a central store. The flat in India has a prepaid meter on an ELNET server, power
    cuts and a generator; the one in Canada has 20 years of days on a CARMA portal. The owners of both flats
    have a Telegram, whose address is told at the start. All of it is simulated; each device speaks its real
    protocol.
    """
    from appliance.apart import Apart
    from appliance.clock import ScaledClock

    listener = listen(host, port)
    with ExitStack() as stack:
        folder = data_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tallywatt-")))
        _prepare(folder)
        clock = ScaledClock(speed)
        # The house is the outside world: in a process of its own it costs the appliance nothing.
        kept, factory = PLACES[place]
        more = (weather,) if place == "sweden" else ()
        house = Apart("The virtual house", factory, clock, folder / kept, *more)
        stack.callback(house.close)
        _serve_house(house, folder, clock, listener)


def _serve_house(house: "Apart", folder: Path, clock: "Clock", listener: socket.socket) -> None:
    import json

    from config.files import write_atomic

    try:
        house.ask("start", 30)
        path = folder / "config.json"
        write_atomic(path, json.dumps(house.ask("config", 30), indent=2).encode())
        notes = house.ask("notes", 30)
    except (OSError, RuntimeError, SourceError) as error:
        raise Refused(f"the virtual house cannot be built: {error}") from None
    config, problems = _configuration(path, folder)
    _start_logging(config, problems)
    others, busy = listen_also(config, listener)
    app = build(_listening(config, listener), folder, clock, [*problems, *busy])
    serve(app, listener, *others, notes=notes)


def build(config: "Config", data_dir: Path, clock: "Clock", problems: Sequence[str] = ()) -> "FastAPI":
    """Put the parts together: the appliance, its API, and the pages where there is a screen."""
    from appliance.app import Appliance
    from appliance.web import create_app

    appliance = Appliance(config, data_dir, clock, problems)
    app = create_app(appliance)
    if config.display.enabled:
        import ui

        ui.mount(app, appliance)
    return app


def _prepare(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise Refused(
            f"{data_dir} cannot be written: {error.strerror}. Name another folder with --data, "
            "or run as the user it belongs to"
        ) from None


def _configuration(path: Path, data_dir: Path) -> tuple["Config", list[str]]:
    """The configuration, or what of it can be used, and what is wrong with it."""
    from config.load import ConfigFile
    from config.mistakes import ConfigProblem

    usual = is_default(path, CONFIG)
    if not usual and not path.exists():
        raise Refused(f"there is no configuration {path}; name the right file with --config")
    try:
        loaded = ConfigFile(path, kinds(), data_dir).load(missing_ok=usual)
    except ConfigProblem as problem:
        return problem.usable, [f"{path.name}: {mistake}" for mistake in problem.mistakes]
    problems = [f"{part.name}: {part.text}" for part in loaded.problems]
    if not path.exists():
        problems.append(SETUP.format(path=path))
    return loaded.config, problems


def _start_logging(config: "Config", problems: Sequence[str]) -> None:
    import logging

    from appliance.cli import logs

    logs.start(config.logging.level, config.logging.log_file)
    for problem in problems:
        logging.getLogger("config").error("%s", problem)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, or a refusal that says what is in the way."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Whoever looks in meanwhile waits for the answer instead of being turned away.
        listener.listen(128)
    except socket.gaierror:
        raise Refused(f"{host} is no address of this machine; use 0.0.0.0, or 127.0.0.1") from None
    except PermissionError:
        raise Refused(f"port {port} is for root alone; choose one above 1023 with --port") from None
    except OSError as error:
        raise Refused(
            f"cannot listen on {host} port {port}: {error.strerror}. "
            "Stop the program that uses it, or choose another with --port"
        ) from None
    return listener


def listen_also(config: "Config", first: socket.socket) -> tuple[list[socket.socket], list[str]]:
    """Sockets for `web.also_ports` where `first` listens, and what is in the way of the others.

    A port that is taken must not keep the appliance from its work.
    """
    host, taken = first.getsockname()[:2]
    found, problems = [], []
    for port in dict.fromkeys(config.web.also_ports):
        if port == taken:
            continue
        try:
            found.append(listen(host, port))
        except Refused as error:
            said = str(error).replace("with --port", "in web.also_ports")
            problems.append(f"web.also_ports: {said}; all else runs")
    return found, problems


def _listening(config: "Config", listener: socket.socket) -> "Config":
    """The configuration with the address that is really listened on: the More page shows it."""
    host, port = listener.getsockname()[:2]
    return config.model_copy(update={"web": config.web.model_copy(update={"host": host, "port": port})})


def serve(app: "FastAPI", listener: socket.socket, *others: socket.socket, notes: Sequence[str] = ()) -> None:
    """Answer on `listener` and the others until SIGTERM or SIGINT; both end it in good order.

    `notes` are told once it answers.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                for line in (f"Tallywatt is at {' and '.join(addresses(listener))}", *notes):
                    click.echo(line)

    server = Server(
        uvicorn.Config(
            app, log_config=None, access_log=False, proxy_headers=False, timeout_graceful_shutdown=5
        )
    )
    # uvicorn raises the signal again once all is shut down; that must not look like a crash.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    server.run([listener, *others])
    if not server.started:
        raise Refused("it could not start; the lines above say why")


def addresses(listener: socket.socket) -> list[str]:
    """Where a browser finds us: here, and from another machine of the network."""
    host, port = listener.getsockname()[:2]
    if host not in ("0.0.0.0", "::"):  # noqa: S104
        shown = "localhost" if host in ("127.0.0.1", "::1") else f"[{host}]" if ":" in host else host
        return [f"http://{shown}:{port}"]
    found = [f"http://localhost:{port}"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: this asks the kernel which of our addresses the network would see.
            probe.connect(("192.0.2.1", 9))
            found.append(f"http://{probe.getsockname()[0]}:{port}")
        except OSError:
            pass
    return found
