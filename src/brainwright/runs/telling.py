"""Teller: whom a training tells how it goes; the terminal's and a silent one."""

from typing import Protocol

from brainwright.training.loop import Moment


class Teller(Protocol):
    """Someone who listens."""

    def line(self, text: str) -> None:
        """One line about what was found or decided."""

    def warn(self, text: str) -> None:
        """One line that matters."""

    def moment(self, moment: Moment) -> None:
        """How the training stands."""

    def done(self) -> None:
        """The training has ended, at its end or before."""


class Silent:
    """Listens and says nothing."""

    def line(self, text: str) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Nothing."""

    def moment(self, moment: Moment) -> None:
        """Nothing."""

    def done(self) -> None:
        """Nothing."""
