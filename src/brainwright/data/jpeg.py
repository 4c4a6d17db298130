"""JPEG: files that end too early, which decoders fill with grey and pass, are found by taking their end mark away."""

import re

MAGIC = b"\xff\xd8\xff"
SCAN = b"\xff\xda"
MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # in coded data only these may follow 0xff: nothing, and restarts
END = b"\xff\xd9"
BASELINE = (0xC0, 0xC1)  # whose picture is one pass over the data
STANDALONE = (0x01, *range(0xD0, 0xDA))  # markers without a length
PADDING = b"\x7f" * 8  # what a decoder may look ahead into; a picture that needs more of it ends too early


def scan_of(data: bytes) -> tuple[int, int] | None:
    """Where the coded data of a picture in one pass begin and end; None for other forms of JPEG (progressive ones)."""
    place, baseline = 2, False
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        length = 0 if marker in STANDALONE else int.from_bytes(data[place + 2 : place + 4], "big")
        baseline |= marker in BASELINE
        place += 2 + length
        if marker == SCAN[1]:
            end = MARKER.search(data, place)
            whole = end is not None and data[end.end() - 1] == END[1]
            return (place, end.start() if end else len(data)) if baseline and (whole or not end) else None
    return None


def strict(data: bytes) -> bytes:
    """The same picture so ended that a decoder which needs more than there is runs out of data, and says so.

    libjpeg fills what is missing before the mark of the end with grey; without that mark it has to ask for more. What
    comes behind the mark is left off.
    """
    scan = scan_of(data)
    return data[: scan[1]] + PADDING if scan else data
