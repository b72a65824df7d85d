"""What each form of the .tflite files costs, beside the SavedModels."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ali_keras.data.preprocessing import to_float
from ali_keras.evaluation import evaluate as evaluation

from . import batching
from . import servables
from . import tflite_convert
from .quiet import quiet

TITLES = (
    "form",
    "encoder, KiB",
    "decoder, KiB",
    "error of z_mean: mean, largest",
    "error of images: mean, largest",
    "1-NN, z_mean",
    "agreement of reconstructions",
    "reconstruction error (MSE)",
)
SAVED_MODEL = "saved_model"


def measure(source, dataset=None):
    """Converts to all forms and measures each on the training's data set.

    Args:
        source: `Source`: the SavedModels.
        dataset: Name of the data set of int8's ranges; `None` is the
            training's.

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
    splits = evaluation.load_splits(source.config, source.data_dir)
    judge = _Judge(*splits)
    networks = {n: saved_model_caller(p) for n, p in source.paths.items()}
    fixed = source.description["batch_size"]
    size = fixed or evaluation.BATCH_SIZE
    expected = judge.outputs(networks, size)
    forms = {SAVED_MODEL: judge.score(expected)}
    for quantization, form in tflite_convert.FORMS.items():
        contents = {
            name: source.convert(name, quantization, examples[name])
            for name in source.paths
        }
        forms[form] = _measure_form(
            contents, source.batch_size, judge, expected
        )
    return {
        "preset": source.config.preset,
        "dataset": source.config.dataset,
        "num_gallery": len(judge.gallery),
        "num_queries": len(judge.queries),
        "batch_size": source.batch_size,
        "forms": forms,
    }


def _measure_form(contents, batch_size, judge, expected):
    with quiet():  # LiteRT tells of its CPU delegate.
        networks = {n: tflite_caller(c) for n, c in contents.items()}
        outputs = judge.outputs(networks, batch_size, expected["z_mean"])
    return {
        "bytes": {name: len(c) for name, c in contents.items()},
        "errors": _errors(outputs, expected),
        **judge.score(outputs),
    }


def saved_model_caller(path):
    """Returns a function that calls a signature of a SavedModel."""
    loaded = servables.load(path)

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


class _Judge:
    """The images to measure on, and the classifier of reconstructions."""

    def __init__(self, train, held_out):
        gallery, self.gallery_labels = train
        queries, self.labels = held_out
        self.gallery, self.queries = to_float(gallery), to_float(queries)
        self.classifier = None
        if self.labels is not None:
            self.classifier = evaluation.fit_label_classifier(
                self.gallery, self.gallery_labels
            )

    def outputs(self, networks, batch_size, z=None):
        """Returns what encoder and decoder answer, by name.

        Besides the signatures' own: `gallery`, the gallery's `z_mean`, and
        `reconstruction`. `image` is decoded from z, or from their own z_mean.
        """

        def call(network, signature, **inputs):
            def function(**batch):
                return networks[network](signature, **batch)

            return batching.run(function, batch_size, **inputs)

        posterior = call("encoder", "encode", image=self.queries)
        own_z = posterior["z_mean"]
        z = own_z if z is None else z
        return {
            **posterior,
            **call("encoder", "features", image=self.queries),
            "gallery": call("encoder", "encode", image=self.gallery)["z_mean"],
            "reconstruction": call("decoder", "decode", z=own_z)["image"],
            "image": call("decoder", "decode", z=z)["image"],
        }

    def score(self, outputs):
        """Returns the figures of `evaluation`; without labels the error."""
        reconstructions = outputs["reconstruction"]
        errors = reconstructions - self.queries
        figures = {"reconstruction_error": float(np.mean(errors**2))}
        if self.labels is not None:
            figures["nearest_neighbour_accuracy"] = (
                evaluation.nearest_neighbour_accuracy(
                    outputs["gallery"],
                    self.gallery_labels,
                    outputs["z_mean"],
                    self.labels,
                )
            )
            figures["reconstruction_agreement"] = evaluation.accuracy(
                self.classifier, reconstructions, self.labels
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
    lines = [TITLES, ["---"] * len(TITLES), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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
