"""The only file that knows devices, their arithmetic and their threads."""

import os
import platform
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch

from brainwright.errors import Fault
from brainwright.training.crew import place_in_host
from brainwright.training.options import Training

try:
    import resource
except ModuleNotFoundError:  # Windows has none: memory is then not measured, and the report says so
    MEASURES_MEMORY = False
else:
    MEASURES_MEMORY = True

STATUS = Path("/proc/self/status")
"""Where Linux says what this process holds."""


@dataclass(frozen=True)
class Place:
    """Where and how a run computes."""

    device: torch.device
    half: bool
    """Heavy layers in bfloat16."""

    def arithmetic(self) -> AbstractContextManager[object]:
        """The context in which nets run forward."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.half else nullcontext()

    def slopes(self) -> AbstractContextManager[object]:
        """The context for gradients of a net that is not in training: cuDNN's recurrent layers refuse them."""
        return cast(AbstractContextManager[object], torch.backends.cudnn.flags(enabled=False))

    def seed(self, number: int) -> None:
        """Start the device's chance anew; without a GPU `torch.manual_seed` takes .5 ms and keeps every call."""
        torch.default_generator.manual_seed(number)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(number)
        elif self.device.type == "mps":
            torch.mps.manual_seed(number)

    def release(self) -> None:
        """Give memory that no tensor holds back to the device."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def wait(self) -> None:
        """Until the device has done all it was asked: only around timings."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def place(how: Training) -> Place:
    """Choose device and arithmetic, and set the threads.

    Raises:
        Fault: the device that was asked for is not there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if how.device != "auto" and not there[how.device]:
        raise Fault(f"device {how.device!r} is not on this machine", "use --device auto")
    name = how.device if how.device != "auto" else next(word for word in ("cuda", "mps", "cpu") if there[word])
    torch.set_num_threads(how.threads or processors())
    if name == "cuda":
        torch.cuda.set_device(place_in_host()[0])
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
    half = how.precision == "bfloat16" or (how.precision == "auto" and has_bfloat16(name))
    return Place(torch.device(name), half)


def processors() -> int:
    """Processors that this process may use: its part of the machine's, OMP_NUM_THREADS at most where it is set."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    allowed = max(1, there // place_in_host()[1])
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(allowed, int(limit)) if limit.isdecimal() and int(limit) else allowed


def has_bfloat16(device: str) -> bool:
    """Whether the hardware multiplies in bfloat16, not only emulates it."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def hardware() -> dict[str, str]:
    """What this machine is, in words, for the run's record."""
    card = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    return {
        "processor": platform.processor() or platform.machine(),
        "processors": str(processors()),
        "gpu": card,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


LACKING = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "could not create a memory")
"""How torch's allocators and the libraries under it say that memory is short, where they raise a RuntimeError."""


def lacks_memory(error: MemoryError | RuntimeError) -> bool:
    """Whether an error says that memory is short, on the processor or on a GPU."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(word in str(error) for word in LACKING)


def peak_memory() -> float:
    """The most memory this process held so far, in MiB; NaN where the system does not tell.

    Linux hands what a parent held at most on to `ru_maxrss` of its child, so its own count of this process comes first.
    """
    lines = STATUS.read_text().splitlines() if STATUS.is_file() else []
    held = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    if held:
        return held[0] / 2**10
    if not MEASURES_MEMORY:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak / (2**20 if sys.platform == "darwin" else 2**10))
