"""Keras 3 on the backend that KERAS_BACKEND names: the same layers; pictures come from the shared PyTorch loader."""

from pathlib import Path
from typing import Any

import keras
from cases import CASES, CLASSES, RATE, Clock, arrays, asked
from keras import layers


class Marks(keras.callbacks.Callback):
    """Tells the clock when epochs end."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def on_train_begin(self, logs: Any = None) -> None:
        self.clock.mark()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.clock.mark()


def block(values: Any) -> Any:
    """Attention and mixer of a pre-norm transformer."""
    normal = layers.LayerNormalization(epsilon=1e-5)(values)
    values = layers.Add()([values, layers.MultiHeadAttention(4, 32)(normal, normal)])
    inner = layers.Dense(512, activation="gelu")(layers.LayerNormalization(epsilon=1e-5)(values))
    return layers.Add()([values, layers.Dense(128)(inner)])


class Places(layers.Layer):
    """Adds a learned place to each of 128 words."""

    def build(self, shape: Any) -> None:
        self.place = self.add_weight(shape=(128, 128), initializer="zeros")

    def call(self, values: Any) -> Any:
        return values + self.place


def net(case: str) -> keras.Model:
    """The net of a case."""
    if case == "mlp":
        inner = [layers.Dense(128, activation="relu"), layers.Dense(128, activation="relu")]
        return keras.Sequential([keras.Input((50,)), *inner, layers.Dense(5)])
    if case == "lstm":
        return keras.Sequential([keras.Input((100, 8)), layers.LSTM(64), layers.Dense(4)])
    if case == "lm":
        given = keras.Input((128,), dtype="int32")
        values = Places()(layers.Embedding(256, 128)(given))
        for _ in range(4):
            values = block(values)
        return keras.Model(given, layers.Dense(256)(layers.LayerNormalization(epsilon=1e-5)(values)))
    side = 32 if case == "cnn32" else 64
    stack: list[Any] = [keras.Input((side, side, 3))]
    for width, stride in ((16, 1), (32, 2), (64, 2), (64, 1)):
        stack += [layers.Conv2D(width, 3, stride, "same", use_bias=False), layers.BatchNormalization(), layers.ReLU()]
    return keras.Sequential([*stack, layers.GlobalAveragePooling2D(), layers.Dense(CLASSES)])


def fit(made: keras.Model, home: Path, case: str, clock: Clock) -> None:
    """Train, from arrays or from the loader of pictures."""
    told = CASES[case]
    made.compile(keras.optimizers.AdamW(RATE, weight_decay=0.01), keras.losses.SparseCategoricalCrossentropy(True))
    how = {"epochs": told.epochs, "verbose": 0, "callbacks": [Marks(clock)]}
    if case.startswith("cnn"):
        made.fit(Pictures(home, case), **how)
        return
    given, target = arrays(home, case)
    count = told.examples // told.batch * told.batch
    made.fit(given[:count], target[:count], batch_size=told.batch, **how)


class Pictures(keras.utils.PyDataset):
    """The shared loader's batches, channels last, as arrays."""

    def __init__(self, home: Path, case: str) -> None:
        super().__init__()
        from nets import loader  # noqa: PLC0415 (torch is loaded for the cases that need it)

        self.loader = loader(home, case)
        self.batches = iter(self.loader)

    def __len__(self) -> int:
        return len(self.loader)

    def __getitem__(self, index: int) -> Any:
        given, target = next(self.batches)
        return given.permute(0, 2, 3, 1).numpy(), target.numpy()

    def on_epoch_end(self) -> None:
        self.batches = iter(self.loader)


def main() -> None:
    """Every case asked for."""
    home, cases = asked()
    for case in cases:
        clock = Clock()
        fit(net(case), home, case, clock)
        print(clock.line(case, ("keras", keras.backend.backend())), flush=True)


if __name__ == "__main__":
    main()
