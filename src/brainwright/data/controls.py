"""Controls: which columns of a log say what a driver did, which what the sensors said, and which have a side."""

from collections.abc import Mapping, Sequence

from brainwright.data.drives import names_a_drive, tells_time
from brainwright.data.inputs import unfit
from brainwright.data.table import Kind, Table

WHEEL = ("steering", "steer", "wheel")
"""Words that name what a driver does with the wheel."""
THROTTLE, BRAKE = ("throttle", "gas", "accelerat"), ("brake",)
CHOICE = ("decision", "action", "manoeuvre", "maneuver")
DEEDS = (*WHEEL, *THROTTLE, *BRAKE, *CHOICE, "reverse", "gear")
"""Words of what is decided in the same moment: no input, for it is not known before,"""
PAST = ("last", "past", "prev", "before")
"""unless the name says that it was done before."""
SIDED = (*WHEEL, "left", "right", "yaw", "gyro", "lateral", "heading", "angle", "offset", "curv")
"""Words of what a mirror would turn, too."""


def done(table: Table, target: str) -> Mapping[str, str]:
    """What is decided -> its column: `decision` a class, `control` what turns the wheel, `throttle` and `brake`.

    The columns that the user names, "a" or "a,b"; else those whose names say so. {} where two would be the same, or one
    is neither a number nor a class.
    """
    if not target:
        numbers = [name for name in table.kinds(Kind.NUMBER) if not says(name, PAST) and not unfit(name, table[name])]
        choices = [name for name in table.kinds(Kind.CATEGORY) if says(name, CHOICE) and not says(name, PAST)]
        kinds = {"decision": (choices, CHOICE), "control": (numbers, WHEEL)}
        kinds |= {"throttle": (numbers, THROTTLE), "brake": (numbers, BRAKE)}
        named = {slot: [name for name in names if says(name, words)] for slot, (names, words) in kinds.items()}
        return {slot: names[0] for slot, names in named.items() if names}
    found: dict[str, str] = {}
    for name in (piece.strip() for piece in target.split(",")):
        kind = table[name].kind if name in table.columns else Kind.TEXT
        slot = pedal(name) if kind == Kind.NUMBER else "decision"
        if kind not in (Kind.NUMBER, Kind.CATEGORY) or slot in found:
            return {}
        found[slot] = name
    return found


def pedal(name: str) -> str:
    """What a column of numbers moves; `control` where its name does not say."""
    return "brake" if says(name, BRAKE) else "throttle" if says(name, THROTTLE) else "control"


def sensors(table: Table, controls: Mapping[str, str]) -> tuple[str, ...]:
    """The columns of numbers that were known before anything was decided: speed, distances, what was done before."""
    return tuple(
        name
        for name in table.kinds(Kind.NUMBER)
        if name not in controls.values()
        and (not says(name, DEEDS) or says(name, PAST))
        and not (names_a_drive(name) or tells_time(name) or unfit(name, table[name]))
    )


def says(name: str, words: Sequence[str]) -> bool:
    """Whether a column's name holds one of some words."""
    return any(word in name.lower() for word in words)
