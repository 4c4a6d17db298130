"""Cited: the texts of answers that are pieces of passages, which a batch brings to the letter."""

from collections.abc import Iterator

from brainwright.data.field import Padded
from brainwright.data.fields.verbatim import Verbatim
from brainwright.data.slots import Batch, Prediction


def cited(prediction: Prediction, batch: Batch, slots: tuple[str, str, str]) -> Iterator[tuple[str, list[str]]]:
    """Each answer's text and those of the true ones; `slots`: of the answer, all true ones, and the passage."""
    answer, truth, wording = slots
    true, whole, field = batch.values[truth], batch.values[wording], Verbatim()
    assert isinstance(true, Padded) and isinstance(whole, Padded)
    said = prediction.values[answer][:, :2].long().tolist()
    every, counts, lengths = true.values.tolist(), true.lengths.tolist(), whole.lengths.tolist()
    for row, ((begin, end), pairs, count) in enumerate(zip(said, every, counts, strict=True)):
        passage = field.decode(whole.values[row, : lengths[row]].cpu())
        yield passage[begin:end], [passage[first:last] for first, last in pairs[:count]]
