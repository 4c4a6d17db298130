"""Detector: milliseconds a picture, beside torchvision's SSDlite: python benchmarks/detector.py

One thread, one picture of 320 x 320 at a time, from raw pixels to boxes, 20 classes, fresh weights, so that every place
is weighed. Rounds are interleaved, the median of five counts; time is the processor's, since a busy machine makes wall
clocks worthless. torchvision's compiled half loads only beside the very build of torch that it was made for; where it
fails, its non-maximum suppression is left out, in its favour, and the line says so; without it only ours is told.
"""

import importlib
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from brainwright.data.fields.boxes import Boxes
from brainwright.data.fields.extent import Extent
from brainwright.data.fields.image import Image
from brainwright.data.slots import Batch, Fields
from brainwright.models.backbones.cnn import Cnn
from brainwright.tasks.object_detection import ObjectDetection

SIDE, CLASSES, ROUNDS, PICTURES = 320, 20, 5, 8
PEER = "ssdlite320_mobilenet_v3_large"
LINES = Path(__file__).parent / "results/detector.jsonl"


def ours(pixels: torch.Tensor) -> Callable[[], Any]:
    """The default net of object detection, and its decoding."""
    task = ObjectDetection()
    image = Image(height=SIDE, width=SIDE, channels=3, mean=(110.0,) * 3, spread=(60.0,) * 3, letterbox=True)
    fields = Fields({"image": image, "extent": Extent(), "boxes": Boxes(classes=tuple(map(str, range(CLASSES))))})
    net = task.build(fields, Cnn()).eval()
    batch = Batch({"image": pixels, "extent": torch.full((1, 2), float(SIDE))})
    return lambda: task.predict(net, batch)


def theirs(pixels: torch.Tensor) -> tuple[Callable[[], Any], bool] | None:
    """torchvision's, and whether its non-maximum suppression is in it; none where it is not installed."""
    whole = True
    try:
        library = importlib.import_module("torchvision")
    except ModuleNotFoundError:
        return None
    except RuntimeError:  # its compiled half did not load
        whole = False
        library = without_compiled()
    net = library.models.detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=CLASSES + 1
    ).eval()
    return lambda: net([pixels[0].float() / 255]), whole


def without_compiled() -> Any:
    """torchvision with a suppression that suppresses nothing."""
    made = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        made.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    made.impl("nms", lambda boxes, scores, most: scores.argsort(descending=True), "CPU")
    library = importlib.import_module("torchvision")
    library.ops.boxes._assert_has_ops = lambda: None
    library.defined = made  # it lives as long as the library
    return library


def milliseconds(work: Callable[[], Any]) -> float:
    """The processor's time for one picture."""
    began = time.process_time()
    for _ in range(PICTURES):
        work()
    return (time.process_time() - began) * 1e3 / PICTURES


def main() -> None:
    """One line, also appended to the results."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pixels = torch.randint(0, 256, (1, 3, SIDE, SIDE), dtype=torch.uint8)
    found = theirs(pixels)
    contenders = {"brainwright": ours(pixels)} | ({PEER: found[0]} if found else {})
    with torch.inference_mode():
        for work in contenders.values():
            milliseconds(work)
        rounds = [{name: milliseconds(work) for name, work in contenders.items()} for _ in range(ROUNDS)]
    line = {
        "case": "detector",
        "milliseconds": {name: round(statistics.median(one[name] for one in rounds), 1) for name in contenders},
        "peer": "not installed" if not found else "whole" if found[1] else "without its non-maximum suppression",
        "side": SIDE,
        "classes": CLASSES,
        "threads": 1,
        "torch": torch.__version__,
        "day": time.strftime("%Y-%m-%d"),
    }
    print(json.dumps(line))
    with LINES.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
