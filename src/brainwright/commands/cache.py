"""Show what is kept of decoded data, or drop it: brainwright cache [--cache FOLDER] [--cache-room GB] [--clean]"""

from collections.abc import Sequence
from datetime import datetime

from brainwright.config import Choices, made
from brainwright.data.cache import GB, Cache
from brainwright.flags import read


def main(words: Sequence[str]) -> int:
    """Print where it lies, how much it holds of how much it may, and its largest entries; or empty it."""
    asked = read(words, ("clean", "help")).only(("cache", "cache_room"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    choices = made(Choices, asked.options)
    cache = Cache.of(choices.cache, choices.cache_room, print)
    entries = cache.entries()
    total = sum(entry.size for entry in entries)
    if "clean" in asked.switches:
        print(f"{cache.clear(0) / GB:.2f} GB of decoded data dropped from {cache.folder}")
        return 0
    print(f"{cache.folder}: {total / GB:.2f} GB of at most {choices.cache_room:g} GB, {len(entries)} entries")
    for entry in sorted(entries, key=lambda entry: -entry.size)[:10]:
        used = datetime.fromtimestamp(entry.used).astimezone().isoformat(" ", "minutes")
        print(f"{entry.size / GB:8.3f} GB  last used {used}  {entry.path.name}")
    return 0
