"""Part: anything a user may choose. One class in one file; its fields are its options, its file name is its name."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen, closed set of options with behaviour. Equal options make equal parts; every part is plain JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @classmethod
    def word(cls) -> str:
        """The name users write: the file's, with dashes."""
        return cls.__module__.rpartition(".")[2].replace("_", "-")
