"""What `--deterministic` costs, and whether it changes a byte.

python -m benchmarks.determinism --output=results/determinism.jsonl

Trains the preset mnist for a few epochs of 20 steps, with and without the
flag in turn, so that both see the same machine. Prints the ratio of their
median times, and how many different ends each had.
"""

import hashlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from absl import app
from absl import flags

from ali_keras import files
from ali_keras.workdir.record import describe_run
from tools.documents import records

OUTPUT = flags.DEFINE_string("output", None, "JSON-lines file to write.")
ROUNDS = flags.DEFINE_integer("rounds", 3, "Runs of each kind.", lower_bound=1)
EPOCHS = flags.DEFINE_integer("epochs", 6, "Epochs of a run.", lower_bound=2)
STEPS = 20
KINDS = ("nodeterministic", "deterministic")
PRECISIONS = ("float32", "mixed_bfloat16")


def main(argv):
    """Runs all kinds in turn and prints what they took."""
    del argv
    with tempfile.TemporaryDirectory() as folder:
        results = {
            precision: _compare(pathlib.Path(folder), precision)
            for precision in PRECISIONS
        }
    print(json.dumps(results, indent=2))
    if OUTPUT.value:
        run = describe_run(EPOCHS.value)
        record = records.describe("determinism", run, results)
        records.write(OUTPUT.value, [record])


def _compare(folder, precision):
    milliseconds = {kind: [] for kind in KINDS}
    ends = {kind: set() for kind in KINDS}
    for number in range(ROUNDS.value):
        for kind in KINDS:
            workdir = folder / f"{precision}_{kind}_{number}"
            _train(folder / "data", workdir, precision, kind)
            milliseconds[kind] += _milliseconds_a_step(workdir)
            ends[kind].add(_digest(workdir))
    medians = {k: statistics.median(v) for k, v in milliseconds.items()}
    return {
        "milliseconds_a_step": medians,
        "ratio": medians["deterministic"] / medians["nodeterministic"],
        "num_different_ends": {k: len(v) for k, v in ends.items()},
        "num_different_ends_of_all": len(set.union(*ends.values())),
    }


def _train(data_dir, workdir, precision, kind):
    subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "tools.train", "--dataset=mnist_5k"),
            *(f"--data_dir={data_dir}", f"--workdir={workdir}"),
            *("--preset=mnist", f"--precision={precision}", f"--{kind}"),
            *(f"--steps_per_epoch={STEPS}", f"--epochs={EPOCHS.value}"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _milliseconds_a_step(workdir):
    # The first epoch has the tracing in it.
    seconds = files.read_json(workdir / "history.json")["seconds"][1:]
    return [1000 * value / STEPS for value in seconds]


def _digest(workdir):
    [*_, newest] = sorted(workdir.glob("checkpoints/*"))
    return hashlib.sha256(newest.read_bytes()).hexdigest()


if __name__ == "__main__":
    app.run(main)
