"""Once: a net that is asked the same again answers from memory; for who needs a prediction and a loss of one batch."""

from typing import Any


class Once:
    """Wraps a net: the answer to the last question is kept while the very same inputs are asked again.

    Everything else (submodules, training mode) is the net's own.
    """

    def __init__(self, net: Any) -> None:
        self.net = net
        self.question: tuple[Any, ...] | None = None
        self.answer: Any = None

    def __call__(self, *inputs: Any) -> Any:
        """The net's answer."""
        known = self.question is not None and len(inputs) == len(self.question)
        if not known or any(one is not other for one, other in zip(inputs, self.question or (), strict=True)):
            self.question, self.answer = inputs, self.net(*inputs)
        return self.answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.net, name)
