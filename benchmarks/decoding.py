"""Decoding: sentences that a beam search translates in a core-second, beside Hugging Face's generate on an equal net.

    python benchmarks/decoding.py [--sentences 64] [--beams 5] [--rounds 3]

Both nets have random weights, the same widths, depths, heads, vocabulary and sources, and write the same number of
tokens, so that only the search and the net's own arithmetic are compared. One thread. Without transformers only the
first line is printed, and says so.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from brainwright.data.field import Padded
from brainwright.data.fields.writing import END, FIRST, Writing
from brainwright.flags import read
from brainwright.models.backbones.transformer import Transformer
from brainwright.models.beam import Search
from brainwright.models.translator import Translator

WIDTH, DEPTH, HEADS, SIZE = 192, 3, 4, 4_000
SOURCE, WRITTEN = 15, 16  # tokens of a source and of its translation, as in Multi30k


def sources(count: int) -> torch.Tensor:
    """Random sources [count, SOURCE]."""
    return torch.from_numpy(np.random.default_rng(0).integers(FIRST, SIZE, (count, SOURCE)))


def ours(count: int, beams: int) -> Callable[[], Any]:
    """A search in our own net, which ends no text before its last token."""
    torch.manual_seed(0)
    field = Writing(vocabulary=tuple(map(chr, range(SIZE - FIRST))), longest=WRITTEN - 1)
    net = Translator(field, Transformer(width=WIDTH, depth=DEPTH, heads=HEADS), 0.0).eval()
    torch.nn.init.normal_(net.leave.weight, std=WIDTH**-0.5)
    net.bias.data[END] = -50.0
    given = Padded(sources(count), torch.full((count,), SOURCE))
    return lambda: net.translated(given, Search(beams))


def theirs(library: Any, count: int, beams: int) -> Callable[[], Any]:
    """The same in a Marian net of the same sizes."""
    torch.manual_seed(0)
    sizes = {"d_model": WIDTH, "encoder_layers": DEPTH, "decoder_layers": DEPTH, "vocab_size": SIZE}
    sizes |= {f"{side}_attention_heads": HEADS for side in ("encoder", "decoder")}
    sizes |= {f"{side}_ffn_dim": 4 * WIDTH for side in ("encoder", "decoder")}
    marks = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "decoder_start_token_id": 2}
    net = library.MarianMTModel(library.MarianConfig(**sizes, **marks, max_position_embeddings=64)).eval()
    given = sources(count)
    length = {"min_new_tokens": WRITTEN, "max_new_tokens": WRITTEN}
    return lambda: net.generate(
        input_ids=given, attention_mask=torch.ones_like(given), num_beams=beams, do_sample=False, **length
    )


def rate(search: Callable[[], Any], count: int) -> float:
    """Sentences in a core-second."""
    started = time.process_time()
    search()
    return count / (time.process_time() - started)


def main() -> None:
    """Rounds of both in turn; the medians."""
    asked = read(sys.argv[1:])
    count, beams, rounds = (
        int(asked.options.get(name, usual)) for name, usual in (("sentences", 64), ("beams", 5), ("rounds", 3))
    )
    torch.set_num_threads(1)
    runners = {"brainwright": ours(count, beams)}
    try:
        library = importlib.import_module("transformers")
        runners[f"transformers {library.__version__} generate"] = theirs(library, count, beams)
    except ModuleNotFoundError:
        print(json.dumps({"skipped": "transformers is not installed"}))
    found: dict[str, list[float]] = {name: [] for name in runners}
    with torch.no_grad():
        for _ in range(rounds):
            for name, search in runners.items():
                found[name].append(rate(search, count))
    line = {name: round(float(np.median(rates)), 2) for name, rates in found.items()}
    print(json.dumps({"sentences_per_core_second": line, "beams": beams, "written": WRITTEN, "sentences": count}))


if __name__ == "__main__":
    main()
