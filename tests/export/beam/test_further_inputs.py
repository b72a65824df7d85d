"""The Beam pipeline reads further inputs from the features of their names."""

import numpy as np
import pytest
import tensorflow as tf

from tests import programs
from tests.export import two_inputs
from tests.export.beam import files as beam_files
from tests.export.beam import pipeline

pytestmark = [pipeline.needs_beam, pytest.mark.slow]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The model, and the folder of its servables, of four at a time."""
    folder = tmp_path_factory.mktemp("conditional")
    return two_inputs.write(folder, batch_size=4), folder


def test_labels_reach_the_encoder(written, tmp_path):
    model, folder = written
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, *two_inputs.IMAGE_SHAPE), np.uint8)
    labels = np.array([0, 1, 1, 0, 1, 1])
    pngs = [tf.io.encode_png(image).numpy() for image in pixels]
    beam_files.write_shard(
        tmp_path / "in",
        [
            *(
                beam_files.example(image=png, label=int(label))
                for png, label in zip(pngs, labels, strict=True)
            ),
            beam_files.example(image=pngs[0]),
            beam_files.example(image=pngs[0], label=b"seven"),
        ],
    )
    output = tmp_path / "out" / "codes"
    counts = pipeline.encode_all(folder, output, f"--input={tmp_path}/in")
    assert counts == [8, 6, 2]
    rows, dead = beam_files.read_parquet(output), beam_files.read_dead(output)
    expected = model.encode(pixels / np.float32(255), labels)["z_mean"]
    for index in range(6):
        z_mean = rows[f"in:{index}"]["z_mean"]
        np.testing.assert_allclose(z_mean, expected[index], atol=1e-5)
    assert dead.keys() == {"in:6", "in:7"}
    for reason in dead.values():
        assert "feature `label`, int64" in reason


@pytest.mark.exhaustive
def test_files_of_images_have_no_labels(written, tmp_path):
    (tmp_path / "a.png").write_bytes(b"never read")
    before = programs.snapshot(tmp_path)
    status, _, errors = pipeline.run(
        written[1],
        tmp_path / "out",
        f"--input={tmp_path}/*.png",
        "--input_format=images",
    )
    assert status == 2 and "Traceback" not in errors
    assert "--input_format must be tfrecord" in errors and "label" in errors
    assert programs.snapshot(tmp_path) == before
