"""Translation: the search finds what trying every text finds, and figures are sacreBLEU's."""

from itertools import product

import numpy as np
import pytest
import torch

from brainwright.catalogue import find
from brainwright.data.field import Padded
from brainwright.data.fields.writing import BEGIN, END, FIRST, Writing
from brainwright.data.opening import open_table
from brainwright.data.slots import Batch, Prediction
from brainwright.errors import Fault
from brainwright.metrics.bleu import Bleu
from brainwright.metrics.chrf import Chrf
from brainwright.models.backbone import Backbone
from brainwright.models.beam import Search, searched
from brainwright.models.causal import Offer
from brainwright.models.quoting import quoted, read_back
from brainwright.models.translator import Translator
from brainwright.training.devices import Place
from brainwright.trust.explainers.methods import METHODS
from brainwright.trust.game import Setting
from trial import Trial

SAID = [
    "The cat sat on the mat, again!",
    "A 3.5-metre wall (grey) fell.",
    "",
    "Ein Mann & ein Hund.",
    "yes",
    "of 1,000",
]
TRUE = [
    "The cat sat on a mat again.",
    "A 3.5-metre wall.",
    "Nothing.",
    "Ein Mann &amp; eine Frau.",
    "yes",
    "all 1,000",
]


@pytest.fixture(params=["transformer", "lstm"])
def net(request):
    torch.manual_seed(3)
    field = Writing(vocabulary=tuple("abc"), longest=3)
    backbone = find("models/backbones", request.param, Backbone)(width=8, depth=2)
    made = Translator(field, backbone, 0.0).eval()
    for weight in made.parameters():
        torch.nn.init.normal_(weight, std=0.7)
    return made


SOURCES = Padded(torch.tensor([[4, 5, 3, 0], [6, 3, 0, 0], [4, 4, 6, 3]]), torch.tensor([3, 2, 4]))


def every_text(net, source, limit, penalty):
    """The best of all texts of at most so many tokens, by their normalised log-probability."""
    ids = range(FIRST, net.field.size)
    texts = [[*body, END] for length in range(limit) for body in product(ids, repeat=length)]
    scored = []
    for text in texts:
        truth = Padded(torch.tensor([text]), torch.tensor([len(text)]))
        with torch.no_grad():
            logits = net(source, truth).log_softmax(-1)[0]
        scored.append((float(logits[torch.arange(len(text)), torch.tensor(text)].sum()) / len(text) ** penalty, text))
    return max(scored)[1]


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_wide_search_finds_what_trying_every_text_finds(net, penalty):
    found = net.translated(SOURCES, Search(beams=64, penalty=penalty))
    for row, text in enumerate(found):
        length = int(SOURCES.lengths[row])
        alone = Padded(SOURCES.values[row : row + 1, :length], SOURCES.lengths[row : row + 1])
        assert text.tolist() == every_text(net, alone, 4, penalty)


@pytest.mark.parametrize("beams", [1, 3])
def test_a_source_among_others_is_translated_as_alone(net, beams):
    many = net.translated(SOURCES, Search(beams))
    for row, text in enumerate(many):
        length = int(SOURCES.lengths[row])
        (alone,) = net.translated(
            Padded(SOURCES.values[row : row + 1, :length], SOURCES.lengths[row : row + 1]), Search(beams)
        )
        assert alone.tolist() == text.tolist()


def test_one_beam_takes_the_likeliest_token_each_time():
    torch.manual_seed(0)
    table = torch.randn(8, 8).log_softmax(1)
    table[:, :3] = -99.0

    def step(last, memory, offer):
        return table[last], memory

    (text,) = searched(step, Offer(), torch.tensor([6]), Search(1, 0.0))
    read, said = BEGIN, []
    while len(said) < 6 and END not in said:
        read = int(table[read].argmax())
        said.append(read)
    best = max(
        (float(sum(table[a, b] for a, b in zip([BEGIN, *said[:cut]], [*said[:cut], END], strict=True))), cut)
        for cut in range(6)
        if END not in said[:cut]
    )[1]
    assert text.tolist() == [*said[:best], END]


def judged(metric, said, true):
    texts = quoted(true)
    lengths = torch.tensor([len(one) for one in texts])
    values = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
    return metric.rows(Prediction({"said": quoted(said)}), Batch({"reference": Padded(values, lengths)})).numpy()


def test_texts_come_back_from_bytes():
    assert read_back(quoted(SAID)) == SAID


def test_known_values():
    bleu, chrf = Bleu(slot="target", reference="reference"), Chrf(slot="target", reference="reference")
    same = [judged(one, TRUE, TRUE) for one in (bleu, chrf)]
    assert [bleu.value(same[0]), chrf.value(same[1])] == pytest.approx([100, 100])
    rows = judged(bleu, ["the cat is here"], ["the cat is not here"])
    assert rows.tolist() == [[4, 2, 1, 0, 4, 3, 2, 1, 4, 5]]
    wanted = 100 * np.exp(1 - 5 / 4) * (4 / 4 * 2 / 3 * 1 / 2 * 1 / 2) ** 0.25
    assert bleu.value(rows) == pytest.approx(wanted)
    assert bleu.value(judged(bleu, ["x"], ["y"])) == 0 == chrf.value(judged(chrf, [""], ["y"]))


def test_figures_are_those_of_sacrebleu():
    sacrebleu = pytest.importorskip("sacrebleu")
    for some in (slice(0, 6), slice(0, 2), slice(3, 6), slice(2, 4)):
        said, true = SAID[some], TRUE[some]
        bleu, chrf = Bleu(slot="target", reference="reference"), Chrf(slot="target", reference="reference")
        assert bleu.value(judged(bleu, said, true)) == pytest.approx(sacrebleu.corpus_bleu(said, [true]).score)
        assert chrf.value(judged(chrf, said, true)) == pytest.approx(sacrebleu.corpus_chrf(said, [true]).score)


def test_lines_without_a_partner_are_named(tmp_path):
    (tmp_path / "train.en").write_text("one\ntwo\n", encoding="utf-8")
    (tmp_path / "train.de").write_text("eins\n", encoding="utf-8")
    with pytest.raises(Fault, match=r"train.de has 1 lines, train.en 2: line 2 has no partner"):
        open_table(tmp_path)


@pytest.fixture(scope="module")
def counted():
    """A net that learned to count in German, and games of its answers to what it has not seen."""
    trial = Trial("translation")
    net = trial.trained().net
    setting = Setting(trial.task, net, Place(torch.device("cpu"), False), trial.shares["train"])
    return trial, [setting.game(trial.shares["test"], row) for row in range(6)]


def test_the_words_of_a_translation_are_likely_together_as_it_is(counted):
    trial, games = counted
    for game in games:
        things = trial.task.things(trial.fields, game.batch)
        alone = [game.of(one.score).scores(game.all(), game.blank) for one in things]
        torch.testing.assert_close(sum(alone), game.scores(game.all(), game.blank))


def test_each_word_rests_on_the_word_that_it_translates(counted):
    trial, games = counted
    found = []
    for game in games:
        for place, one in enumerate(trial.task.things(trial.fields, game.batch)):
            found.append(int(METHODS["gradient-shap"](game.of(one.score)).values.argmax()) == place)
    assert len(found) >= 18
    assert np.mean(found) > 0.8
