"""Metrics and files of a run as text for people."""

DESCRIPTIONS = {
    "config.json": "resolved configuration",
    "model.keras": "trained model, for keras.models.load_model",
    "export/encoder": "SavedModel of the encoder, by version",
    "export/decoder": "SavedModel of the decoder, by version",
    "samples.png": "samples from the prior",
    "neighbours.png": "samples, each beside its nearest training image",
    "reconstructions.png": "originals in odd columns, reconstructions in even",
    "interpolations.png": "held-out images at both ends, linear in z",
    "mixture.png": "data, samples, reconstructions and codes, by mode",
    "losses.png": "losses and discriminator accuracy per epoch",
    "history.json": "figures of each epoch",
    "metrics.json": "the metrics above",
    "training.json": "command, versions and machine of the training",
    "logs": "for TensorBoard",
}


def format_metrics(metrics):
    """Formats `evaluation.evaluate`'s metrics as a table."""
    if "num_modes" in metrics:
        return _format_mixture_metrics(metrics)
    rows = [("reconstruction error (MSE)", metrics["reconstruction_error"])]
    if "nearest_neighbour_accuracy" in metrics:
        rows += _labelled_rows(metrics)
    title = (
        f"{metrics['num_queries']} held-out images, "
        f"{metrics['num_gallery']} in the gallery"
    )
    return _table(title, rows)


def list_files(folder):
    """Lists what lies in a workdir, with what each file is."""
    lines = [f"In {folder}:"]
    for name, description in DESCRIPTIONS.items():
        if (folder / name).exists():
            lines.append(f"  {name:<20} {description}")
    return "\n".join(lines)


def _format_mixture_metrics(metrics):
    title = (
        f"{metrics['num_samples']} samples, {metrics['num_queries']} held-out "
        f"points\n  modes covered: {metrics['modes_covered']} of "
        f"{metrics['num_modes']}"
    )
    rows = [
        ("samples within 4 sigma of a mode", metrics["within_radius"]),
        ("smallest share of a mode", metrics["smallest_mode_share"]),
        ("inception score, true posterior", metrics["inception_score"]),
        ("points reconstructed into their mode", metrics["own_mode"]),
        ("reconstruction error (MSE)", metrics["reconstruction_error"]),
    ]
    return _table(title, rows)


def _table(title, rows):
    return "\n".join([title, *(f"  {name:<47}{v:7.4f}" for name, v in rows)])


def _labelled_rows(metrics):
    accuracy = metrics["nearest_neighbour_accuracy"]
    return [
        ("1-NN accuracy of z_mean", accuracy["z_mean"]),
        ("  of the same encoder untrained", accuracy["z_mean_untrained"]),
        ("1-NN accuracy of the layer before z", accuracy["features"]),
        ("  of the same encoder untrained", accuracy["features_untrained"]),
        ("1-NN accuracy of raw pixels", accuracy["pixels"]),
        (
            "agreement of reconstructions with their labels",
            metrics["reconstruction_agreement"],
        ),
        (
            "  the classifier's own accuracy (ceiling)",
            metrics["classifier_accuracy"],
        ),
        (
            f"smallest share of a class in {metrics['num_samples']} samples",
            metrics["smallest_class_share"],
        ),
        ("classifier score of samples", metrics["classifier_score"]),
        ("  of held-out images", metrics["classifier_score_real"]),
    ]
