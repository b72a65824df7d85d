"""The model card: what a servable is, in Markdown, for whoever finds it."""

from ali_keras import markdown
from ali_keras.errors import command

from . import servables

TITLES = {
    "encoder": "Encoder q(z|x)",
    "decoder": "Decoder p(x|z)",
    "classifier": "Classifier: the discriminator's classes at the mean code",
    "reconstructor": "Reconstructor: decoder of the encoder's mean",
}
# What to say of a signature's outputs beside, or instead of, their names.
OUTPUTS = {
    "encode": "z_mean; z_log_sigma, if it is Gaussian",
    "sample": "z, a draw",
    "features": "features (the layer before z), svm_features",
    "encode_jpeg": "as encode",
    "generate": "image, z",
    "reconstruct": "image, error",
    "classify": "probabilities, of the classes in their order",
    "classify_jpeg": "as classify",
}


def write(name, signatures, description, config, record, metrics=None):
    """Writes a servable's model card.

    Args:
        name: "encoder", "decoder", "classifier" or "reconstructor".
        signatures: Signatures of the loaded SavedModel, by name.
        description: Dictionary, see `servable_writer.describe`.
        config: `Config` of the training.
        record: Dictionary of the training, see `record.describe_run`.
        metrics: Dictionary of the evaluation, or `None`.

    Returns:
        String, Markdown.
    """
    sections = (
        f"# {TITLES[name]}",
        "One network of a model that Adversarially Learned Inference (Dumoulin "
        "et al., 2017) trained, as a TensorFlow SavedModel. Weights: averages "
        "over the training, in float32.",
        "## Signatures",
        _table(("signature", "inputs", "outputs"), _signatures(signatures)),
        "The first one is also `serving_default`.",
        "## Images and codes",
        _table(("", ""), _facts(description)),
        "## Training",
        _table(("", ""), _training(config, record)),
        "## Evaluation",
        _evaluation(metrics),
        "## Use and limits",
        _limits(description),
    )
    return "\n\n".join(sections) + "\n"


def _signatures(signatures):
    return [
        (
            f"`{name}`",
            ", ".join(servables.inputs_of(signature)),
            OUTPUTS.get(name) or ", ".join(signature.structured_outputs),
        )
        for name, signature in signatures.items()
        if name != "serving_default"
    ]


def _facts(description):
    shape = " x ".join(map(str, description["image_shape"]))
    low, high = description["image_range"] or ("any", "any")
    labels = description["labels"]
    return [
        ("image", f"{shape}, {description['image_dtype']}, {low} to {high}"),
        ("preprocessing", _text(description["preprocessing"] or "none")),
        ("z", f"{description['latent_dim']} numbers"),
        ("prior of z", description["prior"]),
        ("batch", description["batch_size"] or "any size but 0"),
        ("classes of the data", _text(", ".join(labels or ["unknown"]))),
        *_condition(description),
    ]


def _condition(description):
    # Files of other programs, and of older versions, do not say it.
    kind = description.get("conditional", "none")
    size = description.get("label_dim")
    if kind == "labels":
        return [("label", f"the number of a class, 0 to {size - 1}")]
    if kind == "attributes":
        return [("attributes", f"{size} numbers")]
    return []


def _training(config, record):
    return [
        ("data", _text(config.dataset)),
        ("preset", config.preset),
        _length(record),
        ("seed", config.seed),
        ("commit", _text(record.get("commit") or "unknown")),
        ("command", markdown.code(record.get("command", "unknown"))),
    ]


def _length(record):
    if "step" in record:  # Of a checkpoint.
        return "checkpoint", f"after step {record['step']}"
    return "epochs", record.get("epochs", "unknown")


def _evaluation(metrics):
    if not metrics:
        return f"Not evaluated: `{command('tools.evaluate')}` had not been run."
    from ali_keras.evaluation.metrics_text import (
        list_numbers,  # Scikit-learn too.
    )

    rows = [
        (_text(title.replace("  ", "… ")), f"{value:.4g}")
        for title, value in list_numbers(metrics)
    ]
    return _table(("on held-out images", ""), rows)


def _limits(description):
    lines = [
        "- Trained on the data named above and made for images like those; of "
        "others it says nothing that can be trusted.",
        "- It reproduces what is in its data, biases too. No part of it knows "
        "whom or what an image shows.",
    ]
    if description["image_range"]:
        lines.append(
            "- A pixel out of range or NaN, an empty batch and another shape "
            "are refused."
        )
    return "\n".join(lines)


def _text(words):
    # What comes from data, flags and files may hold Markdown or HTML.
    return markdown.escape(words)


def _table(head, rows):
    return markdown.table(head, rows)
