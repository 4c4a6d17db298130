"""Describing: the layers of any net as they are met in use, with shapes, activations, parameters and operations."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_flop_count

from brainwright.models.features import Features


@dataclass(frozen=True)
class Layer:
    """One module that computes something itself: what it gives for one example, and what that costs."""

    name: str
    type: str
    shape: tuple[int, ...]
    """Of its output, without the batch's side."""
    activation: str
    """What bends its numbers; "" = nothing."""
    parameters: int
    """Its own; a weight shared by two layers counts in the first."""
    flops: int
    """Floating-point operations per example in matrix products and convolutions: a multiplication and an addition are
    two, and all others are left out, for they are few.
    """


@dataclass(frozen=True)
class Described:
    """The layers of a net in the order of use, and their sums; `flops` per example."""

    layers: tuple[Layer, ...]
    parameters: int
    flops: int


def attention(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> int:
    """Operations of scaled dot-product attention, from its shapes."""
    return int(sdpa_flop_count(query.shape, key.shape, value.shape))


def cells(given: Tensor, *weights: Any, **_: Any) -> int:
    """Operations of a recurrent layer on [T, B, D] or [B, T, D]: its matrices meet every step of every example."""
    matrices = weights[0] if isinstance(weights[0], list | tuple) else weights[:4]
    size = sum(int(one.numel()) for one in matrices if one.ndim == 2)
    return 2 * size * given.shape[0] * given.shape[1]


def cells_back(given: Tensor, *weights: Any, **_: Any) -> int:
    """Twice those of the way forward: the slopes of what was read, and of the matrices."""
    return 2 * cells(given, *weights)


# Torch's own table, and what it leaves out.
RULES = {
    **flop_registry,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: attention,
    torch.ops.aten.mkldnn_rnn_layer: cells,
    torch.ops.aten.mkldnn_rnn_layer_backward: cells_back,
    torch.ops.aten._cudnn_rnn: cells,
    torch.ops.aten._cudnn_rnn_backward: cells_back,
}


class Counter(TorchDispatchMode):
    """Counts the operations of all that torch computes within it, by torch's own table of rules; its calls; and the
    bytes that they read and write.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = self.calls = self.moved = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: skipping would first load torch's compiler, which takes longer than all that is counted here."""
        return False

    def __torch_dispatch__(self, call: Any, types: Any, given: Any = (), named: Any = None) -> Any:
        answer = call(*given, **(named or {}))
        rule = RULES.get(call._overloadpacket)
        self.total += int(rule(*given, **(named or {}), out_val=answer)) if rule else 0
        if not call.is_view:
            self.calls += 1
            self.moved += weight(given) + weight(answer)
        return answer


def weight(values: Any) -> int:
    """Bytes of all tensors among an operation's arguments or answers."""
    if isinstance(values, Tensor):
        return values.numel() * values.element_size()
    return sum(weight(one) for one in values) if isinstance(values, list | tuple) else 0


class Watch:
    """Hooks on every module that note its output and count its operations, without those of the layers inside it."""

    def __init__(self, net: nn.Module, counter: Counter) -> None:
        self.counter, self.seen = counter, dict[str, Layer]()
        self.open: list[list[int]] = []  # for each running layer: operations before it, and those of layers inside it
        counted: set[Tensor] = set()
        self.handles = []
        for name, module in net.named_modules():
            own = [weight for weight in module.parameters(recurse=False) if weight not in counted]
            counted.update(own)
            if own or is_leaf(module):
                layer = Layer(name, type(module).__name__, (), bend(module), sum(one.numel() for one in own), 0)
                self.handles += self.hooked(module, layer)

    def hooked(self, module: nn.Module, layer: Layer) -> list[Any]:
        """Watch one module."""

        def before(*_: Any) -> None:
            self.open.append([self.counter.total, 0])

        def after(module: nn.Module, given: Any, answer: Any) -> None:
            start, inside = self.open.pop()
            whole = self.counter.total - start
            if self.open:
                self.open[-1][1] += whole
            known = self.seen.pop(layer.name, layer)  # in the order of last use
            self.seen[layer.name] = replace(known, shape=shape_of(answer), flops=known.flops + whole - inside)

        return [module.register_forward_pre_hook(before), module.register_forward_hook(after)]


@torch.no_grad()
def describe(net: nn.Module, use: Callable[[], Any], examples: int) -> Described:
    """What a net is made of, measured while `use` lets it answer that many examples; no hook stays on it."""
    with Counter() as counter:
        watch = Watch(net, counter)
        try:
            use()
        finally:
            for handle in watch.handles:
                handle.remove()
        total = counter.total
    layers = tuple(replace(layer, flops=layer.flops // examples) for layer in watch.seen.values())
    return Described(layers, sum(weight.numel() for weight in net.parameters()), total // examples)


def is_leaf(module: nn.Module) -> bool:
    """Whether a module without weights of its own is worth a line: no container, and not idle in use."""
    idle = isinstance(module, nn.Identity | nn.Dropout | nn.Dropout2d | nn.Flatten)
    return not idle and type(module).__module__.startswith("torch.nn") and not any(module.children())


def bend(module: nn.Module) -> str:
    """The activation that a module is or holds."""
    if isinstance(module, nn.LSTM | nn.GRU):
        return "sigmoid, tanh"
    if isinstance(module, nn.RNN):
        return str(module.nonlinearity)
    return type(module).__name__.lower() if type(module).__module__ == nn.ReLU.__module__ else ""


def shape_of(answer: Any) -> tuple[int, ...]:
    """The shape of a layer's first output for one example; () for what is no tensor."""
    if isinstance(answer, Features):
        answer = answer.values
    while isinstance(answer, tuple | list) and answer:
        answer = answer[0]
    return tuple(answer.shape[1:]) if isinstance(answer, Tensor) else ()
