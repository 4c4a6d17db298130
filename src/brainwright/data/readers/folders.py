"""Folders of pictures: one folder for each class, below train, val and test or not; or one folder without classes."""

from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from brainwright.data import foldering
from brainwright.data.reader import Reader
from brainwright.data.table import Kind, Table


class Folders(Reader):
    """cats/1.jpg, dogs/2.jpg; or train/cats/1.jpg, test/cats/7.jpg; or 1.jpg, 2.jpg."""

    rank: ClassVar[int] = 60

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A folder of pictures or of folders of pictures, unless tables named by share lie there to describe them."""
        return foldering.knows(path, Kind.IMAGE)

    def read(self, path: Path) -> Table:
        """Paths of the pictures, absolute; a picture deep inside a class folder belongs to that class."""
        return foldering.read(path, Kind.IMAGE)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty small pictures in train/bright, train/dark, test/bright, test/dark."""
        generator = np.random.default_rng(0)
        for i in range(30):
            home = folder / ("train" if i < 20 else "test") / ("bright" if i % 2 else "dark")
            home.mkdir(parents=True, exist_ok=True)
            pixels = generator.integers(0, 100, (8, 8, 3)) + 120 * (i % 2)
            Image.fromarray(pixels.astype(np.uint8)).save(home / f"{i:02d}.png")
        return folder
