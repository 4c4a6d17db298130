"""Parquet: the Hugging Face layout included, with pictures as bytes, class names, data/train-*.parquet as shares."""

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as arrow_parquet

from brainwright.data import tables
from brainwright.data.reader import Reader
from brainwright.data.table import Table
from brainwright.errors import Fault

INDEX = "__index_level_0__"  # pandas writes its row numbers under this name


class Parquet(Reader):
    """A .parquet file, or a folder with one such file or shard for each share."""

    rank: ClassVar[int] = 72

    @classmethod
    def knows(cls, path: Path) -> bool:
        """A .parquet file or a folder of such."""
        return tables.knows(path, suits)

    def read(self, path: Path) -> Table:
        """Column types are the file's own; whole numbers with ClassLabel names become those names."""
        return tables.read(path, suits, load)

    @classmethod
    def example(cls, folder: Path) -> Path:
        """Thirty rows in data/train-*.parquet and data/test-*.parquet, with class names in the schema."""
        (folder / "data").mkdir()
        features = {"sound": {"_type": "ClassLabel", "names": ["moo", "baa"]}}
        schema = {"huggingface": json.dumps({"info": {"features": features}})}
        weights = np.linspace(30, 600, 30)
        for name, rows in (("train", slice(20)), ("test", slice(20, 30))):
            frame = pa.table({"weight": weights[rows], "sound": (weights[rows] < 150).astype(np.int64)})
            file = folder / "data" / f"{name}-00000-of-00001.parquet"
            arrow_parquet.write_table(frame.replace_schema_metadata(schema), file)
        return folder


def suits(file: Path) -> bool:
    """By suffix."""
    return file.suffix.lower() in (".parquet", ".pq")


def load(file: Path) -> tables.Piece:
    """One file as arrow columns.

    Raises:
        Fault: not a parquet file, or a damaged one.
    """
    try:
        frame = arrow_parquet.read_table(file, partitioning=None)
    except (pa.ArrowInvalid, OSError) as error:
        raise Fault(f"{file} cannot be read as parquet ({str(error)[:120]})", "write or download it again") from None
    frame = frame.drop_columns([INDEX]) if INDEX in frame.column_names else frame
    for name, classes in class_names(frame.schema.metadata or {}).items():
        if name in frame.column_names and pa.types.is_integer(frame.schema.field(name).type):
            frame = frame.set_column(frame.column_names.index(name), name, labelled(file, frame[name], classes))
    return tables.Piece(frame.replace_schema_metadata(None), np.arange(1, len(frame) + 1))


def class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    """Names of the classes of each ClassLabel column, from the schema's "huggingface" entry."""
    try:
        features: dict[str, Any] = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    except (json.JSONDecodeError, AttributeError):
        return {}
    return {name: kind["names"] for name, kind in features.items() if isinstance(kind, dict) and "names" in kind}


def labelled(file: Path, codes: pa.ChunkedArray, names: list[str]) -> pa.ChunkedArray:
    """Class numbers as class names; -1 is Hugging Face's "not known".

    Raises:
        Fault: naming the row whose class has no name.
    """
    numbers = codes.to_pandas().fillna(-1).to_numpy(np.int64)
    wrong = np.flatnonzero((numbers < -1) | (numbers >= len(names)))
    if len(wrong):
        row = wrong[0]
        raise Fault(
            f"{file}, row {row + 1}: class {numbers[row]} has no name, the file names {len(names)}", "mend the file"
        )
    indices = pa.array(numbers, pa.int32(), mask=numbers < 0)
    return pa.chunked_array([pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.large_string()))])
