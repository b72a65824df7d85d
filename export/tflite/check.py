"""What each form of the .tflite files costs, beside the SavedModels."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ali_keras import fixed_batches
from ali_keras import markdown
from ali_keras.data.preprocessing import to_float
from ali_keras.data.splits import load_splits
from ali_keras.evaluation import classifiers
from ali_keras.evaluation.batchwise import BATCH_SIZE
from ali_keras.evaluation.metrics.nearest_neighbour_accuracy import (
    nearest_neighbour_accuracy,
)
from ali_keras.progress import silent

from .forms import FORMS
from .quiet import quiet

TITLES = (
    "form",
    "encoder, KiB",
    "decoder, KiB",
    "error of z_mean: mean, largest",
    "error of images: mean, largest",
    "1-NN, z_mean",
    "label accuracy of reconstructions",
    "reconstruction error (MSE)",
)
SAVED_MODEL = "saved_model"
MEASURED = ("encoder", "decoder")


def measure(source, dataset=None, progress=silent):
    """Converts to all forms and measures each on the training's data set.

    Args:
        source: `Source`: the SavedModels.
        dataset: Name of the data set of int8's ranges; `None` is the
            training's.
        progress: Function as `progress.silent`.

    Returns:
        Dictionary that `json` can write: `preset`, `dataset`, `num_gallery`,
        `num_queries`, `batch_size`, and `forms`: by name, "saved_model"
        first, the figures of `evaluation`, and, of all but the first,
        `bytes` by servable and `errors`: by output the mean and the largest
        absolute difference from the SavedModels' on the held-out images,
        `image` decoded from the SavedModels' own codes.

    Raises:
        InputError: if the data set cannot be read.
    """
    examples = source.representative_examples(dataset)
    splits = load_splits(source.config, source.data_dir, progress=progress)
    measurement = _Measurement(source, *splits, progress)
    expected = measurement.outputs_of_saved_models()
    forms = {SAVED_MODEL: measurement.score(expected)}
    each = progress(FORMS.items(), len(FORMS), "Converting and measuring")
    for quantization, form in each:
        contents = {
            name: source.convert(name, quantization, examples[name])
            for name in MEASURED
        }
        forms[form] = _measure_form(contents, measurement, expected)
    return {
        "preset": source.config.preset,
        "dataset": source.config.dataset,
        "num_gallery": len(measurement.gallery["image"]),
        "num_queries": len(measurement.queries["image"]),
        "batch_size": source.batch_size,
        "forms": forms,
    }


def _measure_form(contents, measurement, expected):
    with quiet():  # LiteRT tells of its CPU delegate.
        outputs = measurement.outputs_of_files(contents, expected["z_mean"])
    return {
        "bytes": {name: len(c) for name, c in contents.items()},
        "errors": _errors(outputs, expected),
        **measurement.score(outputs),
    }


def saved_model_caller(loaded):
    """Returns a function that calls a signature of a loaded SavedModel."""

    def call(signature, **inputs):
        return loaded.signatures[signature](**inputs)

    return call


def tflite_caller(content):
    """Returns a function that calls a signature of a .tflite file."""
    interpreter = Interpreter(model_content=content)
    runners = {
        name: interpreter.get_signature_runner(name)
        for name in interpreter.get_signature_list()
    }

    def call(signature, **inputs):
        return runners[signature](**inputs)

    return call


class _Measurement:
    """The images to measure on, and the classifier of reconstructions."""

    def __init__(self, source, train, held_out, progress=silent):
        self.source = source
        self.gallery, self.queries = (
            {"image": to_float(images), "label": labels}
            for images, labels in (train, held_out)
        )
        self.classifier = None
        if self.queries["label"] is not None:
            self.classifier = classifiers.fit_label_classifier(
                self.gallery["image"], self.gallery["label"], progress
            )

    def outputs_of_saved_models(self):
        """Returns what the SavedModels answer, see `_outputs`."""
        size = self.source.description["batch_size"] or BATCH_SIZE
        networks = self.source.networks.items()
        callers = {name: saved_model_caller(each) for name, each in networks}
        return self._outputs(callers, size)

    def outputs_of_files(self, contents, z):
        """Returns what .tflite files answer, see `_outputs`."""
        callers = {name: tflite_caller(c) for name, c in contents.items()}
        return self._outputs(callers, self.source.batch_size, z)

    def _outputs(self, callers, batch_size, z=None):
        """Returns what encoder and decoder answer, by name.

        Besides the signatures' own: `gallery`, the gallery's `z_mean`, and
        `reconstruction`. `image` is decoded from z, or from their own z_mean.
        """

        def call(network, signature, fields):
            def function(**batch):
                return callers[network](signature, **batch)

            inputs = self.source.select_inputs(network, signature, fields)
            return fixed_batches.run(function, batch_size, **inputs)

        def decode(z):
            return call("decoder", "decode", {**self.queries, "z": z})["image"]

        posterior = call("encoder", "encode", self.queries)
        own_z = posterior["z_mean"]
        return {
            **posterior,
            **call("encoder", "features", self.queries),
            "gallery": call("encoder", "encode", self.gallery)["z_mean"],
            "reconstruction": decode(own_z),
            "image": decode(own_z if z is None else z),
        }

    def score(self, outputs):
        """Returns the figures of `evaluation`; without labels the error."""
        reconstructions = outputs["reconstruction"]
        labels = self.queries["label"]
        errors = reconstructions - self.queries["image"]
        figures = {"reconstruction_error": float(np.mean(errors**2))}
        if labels is not None:
            figures["nearest_neighbour_accuracy"] = nearest_neighbour_accuracy(
                outputs["gallery"],
                self.gallery["label"],
                outputs["z_mean"],
                labels,
            )
            figures["reconstruction_agreement"] = classifiers.accuracy(
                self.classifier, reconstructions, labels
            )
        return figures


def _errors(outputs, expected):
    """Mean and largest absolute differences of what signatures give."""
    errors = {}
    for name in sorted(outputs.keys() - {"gallery", "reconstruction"}):
        differences = np.abs(outputs[name] - expected[name])
        errors[name] = {
            "mean": float(differences.mean()),
            "max": float(differences.max()),
        }
    return errors


def table(record):
    """Returns the figures that `measure` gave as a Markdown table."""
    rows = [_row(name, figures) for name, figures in record["forms"].items()]
    return markdown.table(TITLES, rows)


def _row(name, figures):
    title = "SavedModels" if name == SAVED_MODEL else name
    cells = [title, "–", "–", "–", "–"]
    if name != SAVED_MODEL:
        errors = (figures["errors"][key] for key in ("z_mean", "image"))
        cells[1:] = [
            *(f"{size / 1024:,.0f}" for size in figures["bytes"].values()),
            *(f"{error['mean']:.1g}, {error['max']:.1g}" for error in errors),
        ]
    for key in ("nearest_neighbour_accuracy", "reconstruction_agreement"):
        cells.append(f"{figures[key]:.3f}" if key in figures else "–")
    return [*cells, f"{figures['reconstruction_error']:.4f}"]
