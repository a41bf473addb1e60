"""One show to the three processes of a camera with a real broker, and the search of every place afterwards."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edge.config import Config, load
from edge.policy import read
from edge.proof import capture, places
from edge.proof.broker import broker
from edge.proof.canary import Canary, everywhere, pictures
from edge.proof.listener import Listener, listening
from edge.proof.pki import make_pki
from edge.proof.processes import Moment, Stage, perform
from edge.proof.search import Find, Searcher
from edge.service.supervisor import prepare_folders
from edge.uplink.contract import PROOF_ROOT
from hil.canary.show import Show
from hil.demo.site import CAMERA, Plan, make

IN_MEMORY = "/dev/shm"  # noqa: S108  (a tmpfs, by intent)


@dataclass(frozen=True, slots=True)
class Row:
    """What was found in one place, which was searched so far: ``searched`` says how often, or how much of it."""

    place: str
    searched: str
    finds: Sequence[Find]


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in each place.

    Of ``plates`` vision ``held`` so many while it may, and of ``tagged`` a tag: that shows that the search bites.
    """

    plates: int
    held: int
    tagged: int
    rows: Sequence[Row]

    @property
    def clean(self) -> bool:
        """Whether nothing was found where nothing may be, by a search that does find plates."""
        return self.held > 0 and self.tagged > 0 and not any(row.finds for row in self.rows)


def run(show: Show, folder: Path, told: Callable[[str], None]) -> Result:
    """Show it; files go into ``folder``, ``told`` hears how far it is.

    Raises:
        AnprError: broker or processes did not run.
        PermissionError: memory or packets are not for this user.
    """
    with ExitStack() as stack:
        runtime = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anpr-edge-canary-", dir=IN_MEMORY)))
        pki = make_pki(folder / "pki", [CAMERA])
        running = stack.enter_context(broker(folder / "broker", pki, roots=(PROOF_ROOT,)))
        packets = stack.enter_context(capture.loopback(running.port))
        heard = stack.enter_context(listening(running, pki))
        site = make(folder, Plan(show.video, show.register, show.line, running.port, runtime), pki)
        config = load(site.config)
        prepare_folders(config)
        canary = Canary(show.passings, read(site.policy).file.policy.id)
        passing = _perform(show, site.config, folder, canary, heard, told)
        told("files, messages and packets")
        rows = [*_memory(canary), passing, *_elsewhere(canary.searcher(), folder, config, heard, packets)]
        return Result(len(canary.plates), len(canary.held), len(canary.tagged), rows)


def _perform(  # noqa: PLR0913, PLR0917  (what runs, and who looks)
    show: Show, config: Path, folder: Path, canary: Canary, heard: Listener, told: Callable[[str], None]
) -> Row:
    """Let the processes run; search their memory, and all that they write to, at each moment."""
    paths, finds = load(config).paths, list[Find]()
    folders, outbox = [folder / "output", paths.runtime, paths.state], load(config).outbox_file
    seconds = [moment - show.start.timestamp() for moment in show.moments]
    looks = 0

    def look(moment: Moment) -> None:
        nonlocal looks
        looks += 1
        told(f"memory, {looks} of {len(seconds) + 1}")
        canary.look(moment)
        finds.extend(everywhere(canary.searcher(), folders, [outbox]))

    perform(Stage(config, show.start, seconds, folder / "output", lambda: bool(heard.payloads("/counts/day"))), look)
    return Row("all folders while vehicles passed", f"{looks} times", finds)


def _memory(canary: Canary) -> Iterator[Row]:
    for name in ("vision", "gate", "uplink"):
        yield Row(f"memory of {name}", f"{canary.looks[name]} times", canary.memory.get(name, []))


def _elsewhere(searcher: Searcher, folder: Path, config: Config, heard: Listener, packets: bytearray) -> Iterator[Row]:
    databases = {config.paths.state: [config.outbox_file]}
    names = {
        folder / "output": "logs, output, temporary folders",
        config.paths.runtime: "runtime folder",
        config.paths.state: "outbox, its write-ahead log, audit log",
        folder / "broker": "broker's store of retained messages",
    }
    for place, name in names.items():
        found = everywhere(searcher, [place], databases.get(place, []))
        found += [Find(where, "picture", -1, 0) for where in pictures([place])]
        yield Row(name, _size(sum(file.stat().st_size for file in place.rglob("*") if file.is_file())), found)
    sent = [(message.topic, bytes(message.payload)) for message in heard.messages]
    yield Row("sent messages", f"{len(sent)} messages", places.messages(searcher, "subscriber", sent))
    yield Row("packets of the uplink", _size(len(packets)), searcher.whole("packets", bytes(packets)))


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
