"""An exporter reads a SavedModel: its signature says which inputs there are."""

import numpy as np
import pytest

from ali_keras import InputError
from ali_keras import files
from export import servables
from export import warmup
from tests.export import two_inputs


def export_answers(saved_models, output, version=None):
    """Writes what the encoder answers to example inputs, for ports of it.

    What a module export/answers.py would be: about these lines, flags and a
    `main`.
    """
    path = servables.find(saved_models, "encoder", version)
    loaded = servables.load(path)
    inputs = warmup.example_inputs(loaded.signatures["encode"], size=3)
    outputs = loaded.signatures["encode"](**inputs)
    with files.replacing(output) as temporary:
        np.savez(temporary, **inputs, **outputs)


def test_it_gets_every_input_of_the_signature(tmp_path):
    conditional = two_inputs.write(tmp_path / "export")
    export_answers(tmp_path / "export", tmp_path / "answers.npz")
    with np.load(tmp_path / "answers.npz") as answers:
        assert sorted(answers) == ["image", "label", "z_mean"]
        assert answers["label"].dtype == np.int64
        expected = conditional.encode(answers["image"], answers["label"])
        np.testing.assert_allclose(
            answers["z_mean"], expected["z_mean"], atol=1e-5
        )


def test_its_inputs_come_from_a_data_set_s_fields(tmp_path):
    two_inputs.write(tmp_path / "export")
    path = servables.find(tmp_path / "export", "encoder")
    signature = servables.load(path).signatures["encode"]
    images = np.zeros((2, *two_inputs.IMAGE_SHAPE))
    fields = {"image": images, "label": [0, 1], "file": ["a", "b"]}
    inputs = servables.select_inputs(signature, fields)
    assert list(inputs) == ["image", "label"]
    assert inputs["label"].dtype == np.int64
    with pytest.raises(InputError, match="label"):
        servables.select_inputs(signature, {"image": images})


def test_a_missing_servable_is_refused_in_words(tmp_path):
    with pytest.raises(InputError, match="hold encoder/VERSION"):
        export_answers(tmp_path, tmp_path / "answers.npz")
