"""Let a run write: brainwright generate RUN [--prompt TEXT] [--length 500] [--temperature 1] [--top-p 1]"""

import json
from collections.abc import Sequence

from brainwright.errors import Fault
from brainwright.flags import read
from brainwright.runs.run import load
from brainwright.runs.writing import Wish, continued


def main(words: Sequence[str]) -> int:
    """Print the prompt and what follows it, at most --length tokens.

    --temperature below 1 writes what is likelier, 0 the likeliest alone; --top-p .9 draws only from the likeliest that
    make up nine tenths. --stop ends the text before that text; --seed 1 writes another one.
    """
    asked = read(words, ("json", "help")).only(("prompt", "length", "temperature", "top_p", "stop", "seed"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    run, prompt = load(asked.one("run")), asked.options.get("prompt", "").replace("\\n", "\n")
    temperature, top_p = asked.number("temperature", 1.0), asked.number("top_p", 1.0)
    stop = asked.options.get("stop", "").replace("\\n", "\n")
    length, seed = (whole(asked.options.get(name, usual), name) for name, usual in (("length", "500"), ("seed", "0")))
    text = continued(run, prompt, Wish(length, temperature, top_p, stop, seed))
    told = json.dumps({"prompt": prompt, "text": text}, ensure_ascii=False)
    print(told if "json" in asked.switches else prompt + text)
    return 0


def whole(word: str, name: str) -> int:
    """A number that counts something.

    Raises:
        Fault: it is none.
    """
    if not word.isdecimal():
        raise Fault(f"--{name} {word} is no whole number", f"write one, such as --{name} 200")
    return int(word)
