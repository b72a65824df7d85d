"""The Beam pipeline: the values of tools.encode, and nothing lost."""

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from export.saved_model import export_saved_models
from tests import programs
from tests.export.beam import files as beam_files
from tests.export.beam import pipeline
from tools import encode


@pytest.fixture(scope="package")
def codes(finished, tmp_path_factory):
    """What tools.encode makes of them."""
    path = tmp_path_factory.mktemp("codes") / "codes.npz"
    split = f"--split=test[:{pipeline.NUM_DIGITS}]"
    flags = (f"--workdir={finished.path}", split, f"--output={path}")
    assert programs.start(encode, *flags) == 0
    return np.load(path)


def assert_close(row, expected, index):
    for name in ("z_mean", "z_log_sigma", "features"):
        np.testing.assert_allclose(
            row[name], expected[name][index], atol=1e-5, rtol=0
        )


def write_shards(folder, records):
    """Writes good and bad records, and files that are damaged."""
    png = beam_files.image_of(records[0])
    beam_files.write_shard(
        folder / "in-0",
        [
            *records[:20],
            b"this is no example",
            beam_files.example(label=7),
            beam_files.example(image=b"no image", file=b"named.png"),
            beam_files.example(image=png[: len(png) // 2]),
            beam_files.example(image=png, file=b"named too.png"),
            beam_files.example(image=png, id=1234),
        ],
    )
    beam_files.write_shard(folder / "in-1", records[20:])
    whole = (folder / "in-1").read_bytes()
    beam_files.write_shard(folder / "in-2", records[:3])
    damaged = bytearray((folder / "in-2").read_bytes())
    damaged[-10] ^= 255  # In the last record: its checksum tells.
    (folder / "in-2").write_bytes(damaged)
    (folder / "in-3").write_bytes(whole[:7])  # Less than a header.


def assert_reasons(dead):
    """The dead letters of `write_shards`."""
    assert "tf.train.Example" in dead["in-0:20"]
    assert "feature `image`" in dead["in-0:21"]
    for key in ("named.png", "in-0:23"):
        assert "whole JPEG, PNG" in dead[key]
    for key in ("in-2:2", "in-3:0"):
        assert "damaged" in dead[key]


@pipeline.needs_beam
@pytest.mark.slow
def test_records_become_parquet_and_bad_ones_dead_letters(
    saved_models, records, codes, tmp_path
):
    write_shards(tmp_path, records)
    whole = (tmp_path / "in-1").read_bytes()
    output = tmp_path / "out" / "codes"
    counts = pipeline.encode_all(
        saved_models, output, f"--input={tmp_path}/in-*"
    )
    rows, dead = beam_files.read_parquet(output), beam_files.read_dead(output)
    assert counts == [50, 44, 6] == [50, len(rows), len(dead)]
    for index in range(pipeline.NUM_DIGITS):
        shard, place = ("in-0", index) if index < 20 else ("in-1", index - 20)
        assert_close(rows.pop(f"{shard}:{place}"), codes, index)
    for key, index in {
        "named too.png": 0,
        "1234": 0,
        "in-2:0": 0,
        "in-2:1": 1,
    }.items():
        assert_close(rows.pop(key), codes, index)
    assert not rows
    assert_reasons(dead)
    # Nothing temporary stays, and the inputs are as they were.
    suffixes = {path.suffix for path in output.parent.iterdir()}
    assert suffixes == {".parquet", ".jsonl"}
    assert (tmp_path / "in-1").read_bytes() == whole


@pipeline.needs_beam
@pytest.mark.slow
def test_image_files_become_examples(
    finished, saved_models, records, codes, tmp_path
):
    folder = tmp_path / "images" / "below"
    folder.mkdir(parents=True)
    for index, record in enumerate(records):
        (folder / f"{index}.png").write_bytes(beam_files.image_of(record))
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (40, 60, 3), np.uint8)
    (folder / "photo.png").write_bytes(tf.io.encode_png(photo).numpy())
    (folder / "text.png").write_text("text")
    (folder / "empty.png").write_bytes(b"")
    output = tmp_path / "out" / "codes"
    counts = pipeline.encode_all(
        saved_models,
        output,
        f"--input={tmp_path}/images/**.png",
        "--input_format=images",
        "--output_format=tfrecord",
        "--version=1",
    )
    rows, dead = beam_files.read_examples(output), beam_files.read_dead(output)
    assert counts == [43, 41, 2] == [43, len(rows), len(dead)]
    for index in range(pipeline.NUM_DIGITS):
        assert_close(rows[f"{folder}/{index}.png"], codes, index)
    model, _ = finished.load()
    image = ali_keras.preprocess(tf.constant(photo), 28, 1)
    z_mean = model.encode(image[None])[0]
    np.testing.assert_allclose(
        rows[f"{folder}/photo.png"]["z_mean"], z_mean, atol=1e-5
    )
    assert set(dead) == {f"{folder}/{x}.png" for x in ("text", "empty")}


@pipeline.needs_beam
@pytest.mark.exhaustive
def test_a_servable_of_bytes_and_of_one_batch_size(records, tmp_path):
    config = ali_keras.Config.from_preset("bigan_mnist", precision="float32")
    model = ali_keras.build_model(config)
    saved = tmp_path / "saved"
    export_saved_models(
        model, config, saved, batch_size=16, image_dtype="uint8"
    )
    beam_files.write_shard(
        tmp_path / "in", records
    )  # Two batches of 16 and one of 8.
    output = tmp_path / "out" / "codes"
    counts = pipeline.encode_all(saved, output, f"--input={tmp_path}/in")
    assert counts == [pipeline.NUM_DIGITS, pipeline.NUM_DIGITS, 0]
    digits = [
        tf.io.decode_png(beam_files.image_of(record)) for record in records
    ]
    z_mean = model.encode(np.stack(digits) / np.float32(255))
    rows = beam_files.read_parquet(output)
    for index in range(pipeline.NUM_DIGITS):
        row = rows[f"in:{index}"]
        assert set(row) == {"z_mean", "features"}  # There is no sigma.
        np.testing.assert_allclose(row["z_mean"], z_mean[index], atol=1e-5)
