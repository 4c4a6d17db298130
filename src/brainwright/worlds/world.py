"""World: a game to drive in, with a scripted expert; Drive: one drive in it, under way."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from brainwright.catalogue import load
from brainwright.data.table import Column, Kind
from brainwright.errors import Fault
from brainwright.parts import Part

Deed: TypeAlias = Mapping[str, Any]  # column -> what is done: a number or a class

EXTRA = "pip install 'brainwright[driving]'"


class Drive(ABC):
    """One drive; it changes as it goes on."""

    returned: float = 0.0
    """The sum of the game's rewards so far."""
    crashed: bool = False
    over: bool = False

    @abstractmethod
    def sees(self) -> Mapping[str, Any]:
        """What camera and sensors show now: column -> picture [H, W] uint8 or number."""

    @abstractmethod
    def expert(self) -> Deed:
        """What the scripted expert would do now; it may look at what no sensor shows."""

    @abstractmethod
    def act(self, deed: Deed) -> None:
        """Do it, until the next decision is due."""


class World(Part, ABC):
    """A game to drive in. Drives of equal seeds are equal as long as the same is done."""

    camera: ClassVar[str] = "frame"
    """The column of pictures."""
    sensors: ClassVar[tuple[str, ...]]
    """Columns of numbers."""
    controls: ClassVar[Mapping[str, Kind]]
    """Columns of what is done, and whether each is a number or a class."""
    idle: ClassVar[Deed]
    """What a trivial driver does whatever it sees."""
    crash: ClassVar[str]
    """What counts as a crash, after "in which it"."""
    frames: ClassVar[int] = 1
    """Pictures that a net should see at once, for one does not show how things move."""

    @abstractmethod
    def begin(self, seed: int) -> Drive:
        """A new drive.

        Raises:
            Fault: a library is not installed.
        """

    def columns(self, seen: Mapping[str, list[Any]]) -> dict[str, Column]:
        """What was seen, column -> a value each row, as columns of a table."""
        made = {self.camera: Column(np.asarray(seen[self.camera], np.uint8), Kind.IMAGE)}
        return made | {name: Column(np.asarray(seen[name], np.float64), Kind.NUMBER) for name in self.sensors}


def library(*modules: str) -> ModuleType:
    """The last of some modules of the extra `driving`, all of which are needed.

    Raises:
        Fault: one is not installed.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # it greets on standard output
    try:
        return [load(module, "driving in a world") for module in modules][-1]
    except Fault as fault:
        raise Fault(fault.what, EXTRA) from None


def small(picture: NDArray[Any], by: int) -> NDArray[np.uint8]:
    """A picture [H, W, 3] in grey, its sides divided by a whole number: means over squares [H / by, W / by]."""
    height, width = picture.shape[0] // by, picture.shape[1] // by
    squares = picture[: height * by, : width * by].reshape(height, by, width, by, 3)
    return np.asarray(squares.mean((1, 3, 4)).round(), np.uint8)
