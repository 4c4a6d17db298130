"""Reader: one way that data lies on a disk. It turns a path into a Table and knows no task."""

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from brainwright.data.table import Table
from brainwright.parts import Part


class Reader(Part):
    """One file format or folder layout. `opening.py` asks every reader which of them knows a path."""

    rank: ClassVar[int] = 0
    """Asked in rising order: the more special a layout is, the lower its rank."""

    @classmethod
    @abstractmethod
    def knows(cls, path: Path) -> bool:
        """Whether this path is laid out so: from names and first bytes, never by reading it all."""

    @abstractmethod
    def read(self, path: Path) -> Table:
        """Read it all, save what is decoded later (pictures stay paths or bytes).

        Raises:
            Fault: one line naming the file and the row that cannot be read, and how to mend it.
        """

    @classmethod
    @abstractmethod
    def example(cls, folder: Path) -> Path:
        """Write a tiny data set of this layout into an empty folder and name the path to open: tests and manual."""
