"""Speed: ours beside every peer, interleaved: python benchmarks/speed.py PEERS [ROUNDS] [mlp|wide|all] [CONTENDER ...]

PEERS is the folder that benchmarks/peers/setup made. Every process is one line in benchmarks/results/speed.jsonl: its
processor seconds (user and system, of itself and its children) and, case by case, what its script told. One thread
each, since a busy machine makes wall-clock time worthless; `python benchmarks/report.py` takes medians.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
LINES = HERE / "results/speed.jsonl"
WIDE = ("cnn32", "cnn256", "lstm", "lm")  # in one process; the table has one of its own, whose whole cost counts
LIMIT = 600  # seconds a process may take
CONTENDERS = {  # name -> folder of its environment ("" = ours), its script, and what it finds in the environment
    "brainwright (float32)": ("", "brainwright", {"PRECISION": "float32"}),
    "brainwright (as it decides)": ("", "brainwright", {"PRECISION": "auto"}),
    "PyTorch loop": ("torch", "torch", {}),
    "Lightning": ("lightning", "lightning", {}),
    "fastai": ("fastai", "fastai", {}),
    "HF Trainer": ("transformers", "transformers", {}),
    "skorch": ("skorch", "skorch", {}),
    "Keras (torch)": ("keras", "keras", {"KERAS_BACKEND": "torch"}),
    "Keras (JAX)": ("keras", "keras", {"KERAS_BACKEND": "jax"}),
    "scikit-learn": ("", "sklearn", {}),
}


def run(peers: Path, name: str, data: str, cases: tuple[str, ...]) -> dict[str, object]:
    """One process: what it took and told."""
    folder, script, settings = CONTENDERS[name]
    python = str(peers / folder / "bin/python") if folder else sys.executable
    words = [python, str(HERE / f"peers/with_{script}.py"), data, *cases]
    quiet = {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "TOKENIZERS_PARALLELISM": "false",
    }
    one = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1", "HF_HUB_OFFLINE": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            words,
            env={**os.environ, **quiet, **one, **settings},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        said, failed = done.stdout, done.stderr[-400:] if done.returncode else ""
    except subprocess.TimeoutExpired:
        said, failed = "", f"took more than {LIMIT} s"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = [json.loads(line) for line in said.splitlines() if line.startswith('{"case"')]
    return {"contender": name, "cases": list(cases), "core_seconds": round(spent, 2), "failed": failed, "told": told}


def main() -> None:
    """All rounds; a contender that fails is told by its last words and the others go on."""
    peers, rounds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    groups = {"mlp": [("mlp",)], "wide": [WIDE], "all": [("mlp",), WIDE]}[sys.argv[3] if len(sys.argv) > 3 else "all"]
    names = sys.argv[4:] or list(CONTENDERS)
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = dict(line.split(":", 1) for line in file if ":" in line)
    named = {name.strip(): value.strip() for name, value in found.items()}
    flags = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in named["flags"].split()]
    with tempfile.TemporaryDirectory() as data:
        maker = (
            "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import cases; cases.write(pathlib.Path(sys.argv[2]))"
        )
        subprocess.run([sys.executable, "-c", maker, str(HERE / "peers"), data], check=True)
        for _ in range(rounds):
            for cases in groups:
                for name in names:
                    if name == "scikit-learn" and cases != ("mlp",):
                        continue
                    line = run(peers, name, data, cases)
                    load = os.getloadavg()[0]
                    line |= {
                        "processor": named["model name"],
                        "flags": flags,
                        "load": load,
                        "day": time.strftime("%Y-%m-%d"),
                    }
                    with LINES.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
