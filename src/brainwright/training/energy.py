"""Energy: what a stretch of work took, by the machine's meter where it has one, else modelled, with its range."""

import time
from dataclasses import dataclass
from pathlib import Path

from brainwright.training.devices import hardware

METERS = Path("/sys/class/powercap")  # Linux counts microjoules of each processor package here (RAPL)
PROCESSOR = (3.0, 15.0)
"""Watts of one busy core: 280 W over 64 cores with half of them for the rest of the package, to 125 W over 8."""
MEMORY = (0.2, 0.5)
"""Watts of a GiB of memory: 3 W for a module of 16 GiB at rest, 4 W for one of 8 GiB in use."""
HOUR = 3600.0
METERED = "counted by the processor's meter, with all else that the machine did"
MODELLED = "modelled from processor time and memory: this machine has no meter that may be read"


@dataclass(frozen=True)
class Energy:
    """Watt-hours between two bounds; the same number twice where a meter counted."""

    low: float
    high: float
    how: str

    def times(self, factor: float) -> "Energy":
        """Of so much more of the same work."""
        return Energy(self.low * factor, self.high * factor, self.how)

    @property
    def told(self) -> str:
        """In words."""
        amount = f"{self.low:.3g} Wh" if self.low == self.high else f"{self.low:.2g} to {self.high:.2g} Wh"
        return f"{amount}, {self.how}"


class Meter:
    """Started at its making; `used` tells what was spent since."""

    def __init__(self) -> None:
        self.packages = counters()
        self.clock, self.processor = time.monotonic(), time.process_time()

    def used(self, memory_mb: float) -> Energy:
        """Energy since the start; `memory_mb` is what the process holds, for the model."""
        seconds, busy = time.monotonic() - self.clock, time.process_time() - self.processor
        now = counters()
        if self.packages and now.keys() == self.packages.keys():
            joules = sum((now[path] - before) % wrap(path) for path, before in self.packages.items()) / 1e6
            found = joules / HOUR
            return Energy(found, found, METERED)
        low, high = modelled(seconds, busy, memory_mb)
        return Energy(low, high, MODELLED + "; its graphics card is left out" * (hardware()["gpu"] != "none"))


def modelled(seconds: float, busy: float, memory_mb: float) -> tuple[float, float]:
    """Watt-hours, least and most, of so many seconds with so many processor-seconds of work."""
    held = 0.0 if memory_mb != memory_mb else memory_mb / 1024
    low, high = ((core * busy + memory * held * seconds) / HOUR for core, memory in zip(PROCESSOR, MEMORY, strict=True))
    return low, high


def counters() -> dict[Path, int]:
    """Microjoules so far of every processor package whose meter may be read."""
    found = {}
    for path in sorted(METERS.glob("intel-rapl:?/energy_uj")):
        try:
            found[path] = int(path.read_text(encoding="ascii"))
        except OSError:  # for the superuser only, on most machines
            return {}
    return found


def wrap(path: Path) -> int:
    """Where a package's counter starts anew."""
    return int((path.parent / "max_energy_range_uj").read_text(encoding="ascii"))
