"""The Beam pipeline with a classifier: what `classify` gives."""

import numpy as np
import pytest

import ali_keras
from ali_keras.data.splits import load_held_out
from export.saved_model import export_saved_models
from tests.export.beam import files as beam_files
from tests.export.beam import pipeline


@pytest.fixture(scope="module")
def classifier(data_dir, tmp_path_factory):
    """A model that tells classes, its images and its SavedModels."""
    config = ali_keras.Config.from_preset(
        "mnist",
        "mnist_5k",
        data_dir=data_dir,
        precision="float32",
        discriminator_classes=10,
    )
    model = ali_keras.build_model(config)
    folder = tmp_path_factory.mktemp("classifier")
    export_saved_models(model, config, folder)
    images, _ = load_held_out(config)
    return model, images[: pipeline.NUM_DIGITS], folder


@pipeline.needs_beam
@pytest.mark.slow
def test_a_classifier_writes_probabilities(classifier, records, tmp_path):
    model, images, saved = classifier
    beam_files.write_shard(tmp_path / "in", records)
    output = tmp_path / "out" / "classes"
    counts = pipeline.encode_all(
        saved, output, f"--input={tmp_path}/in", "--servable=classifier"
    )
    number = len(records)
    assert counts == [number, number, 0]
    rows = beam_files.read_parquet(output)
    assert all(row.keys() == {"probabilities"} for row in rows.values())
    found = [rows[f"in:{i}"]["probabilities"] for i in range(number)]
    expected = model.classify(images.astype("float32") / 255)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)


@pipeline.needs_beam
@pytest.mark.exhaustive
def test_other_models_have_no_classifier(saved_models, tmp_path):
    status, _, errors = pipeline.run(
        saved_models,
        tmp_path / "out",
        f"--input={tmp_path}",
        "--servable=classifier",
    )
    assert status == 2
    assert "classifier" in errors and "Traceback" not in errors
