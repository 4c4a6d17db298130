"""The nets and data sets of every case in plain PyTorch: what peers that train torch modules share."""

from pathlib import Path

import torch
from cases import CASES, CLASSES, arrays
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

# The registry's torchvision is built for another build of torch: its compiled operators are declared, never called.
declared = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    declared.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from torchvision import datasets, transforms  # noqa: E402


def convolution(before: int, width: int, stride: int) -> nn.Module:
    """3 x 3, batch norm, ReLU."""
    return nn.Sequential(nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())


class Lstm(nn.Module):
    """[B, 100, 8] -> [B, 4]."""

    def __init__(self) -> None:
        super().__init__()
        self.cells, self.head = nn.LSTM(8, 64, batch_first=True), nn.Linear(64, 4)

    def forward(self, given: Tensor) -> Tensor:
        return self.head(self.cells(given)[0][:, -1])


class Block(nn.Module):
    """Attention and mixer of a pre-norm transformer, width 128, 4 heads."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.ask, self.answer = nn.LayerNorm(128), nn.Linear(128, 384, bias=False), nn.Linear(128, 128)
        self.mixer = nn.Sequential(
            nn.LayerNorm(128), nn.Linear(128, 512), nn.GELU(approximate="tanh"), nn.Linear(512, 128)
        )

    def forward(self, values: Tensor) -> Tensor:
        batch, length, _ = values.shape
        query, key, value = self.ask(self.norm(values)).view(batch, length, 3, 4, 32).permute(2, 0, 3, 1, 4)
        found = F.scaled_dot_product_attention(query, key, value)
        values = values + self.answer(found.transpose(1, 2).reshape(batch, length, 128))
        return values + self.mixer(values)


class Language(nn.Module):
    """[B, 128] words of 256 -> [B * 128, 256]."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(256, 128), nn.Parameter(torch.zeros(128, 128))
        self.blocks = nn.Sequential(*[Block() for _ in range(4)], nn.LayerNorm(128))
        self.head = nn.Linear(128, 256)

    def forward(self, given: Tensor) -> Tensor:
        return self.head(self.blocks(self.words(given) + self.places)).flatten(0, 1)


def net(case: str) -> nn.Module:
    """The net of a case."""
    torch.manual_seed(0)
    if case.startswith("cnn"):
        layers = [convolution(3, 16, 1), convolution(16, 32, 2), convolution(32, 64, 2), convolution(64, 64, 1)]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES))
    if case == "mlp":
        return nn.Sequential(nn.Linear(50, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 5))
    return Lstm() if case == "lstm" else Language()


def loss(answer: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy, of every word in a text."""
    return F.cross_entropy(answer, target.flatten())


def data(home: Path, case: str) -> Dataset:
    """The data set of a case: one example at a time, as DataLoaders want it."""
    if not case.startswith("cnn"):
        given, target = arrays(home, case)
        return TensorDataset(torch.from_numpy(given), torch.from_numpy(target))
    side, start = (32, [transforms.RandomCrop(32, padding=4)]) if case == "cnn32" else (64, [transforms.Resize(72)])
    cut = [] if case == "cnn32" else [transforms.RandomCrop(side)]
    end = [transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.25] * 3)]
    return datasets.ImageFolder(str(home / case), transforms.Compose([*start, *cut, *end]))


def loader(home: Path, case: str) -> DataLoader:
    """The loader of a case; without worker processes, which cost more core-seconds than they save."""
    return DataLoader(data(home, case), CASES[case].batch, shuffle=True, drop_last=True)
