"""The files of a workdir, as text for people."""

DESCRIPTIONS = {
    "config.json": "resolved configuration",
    "attributes.json": "names of the attributes that the model is told",
    "labelled_images.json": "the training images whose labels were seen",
    "model.keras": "trained model, for keras.models.load_model",
    "export/encoder": "SavedModel of the encoder, by version",
    "export/decoder": "SavedModel of the decoder, by version",
    "samples.png": "samples from the prior",
    "neighbours.png": "samples, each beside its nearest training image",
    "reconstructions.png": "originals in odd columns, reconstructions in even",
    "interpolations.png": "held-out images at both ends, linear in z",
    "mixture.png": "data, samples, reconstructions and codes, by mode",
    "pictures": "the same as training went on, by epoch",
    "losses.png": "losses and discriminator accuracy per epoch",
    "history.json": "means of each epoch",
    "metrics.json": "metrics on held-out images",
    "probe.json": "errors of linear SVMs on few labels",
    "label_curve.json": "test error by number of labels",
    "label_curve.png": "the same as a figure",
    "selection.json": "images to label next, with the reasons",
    "training.json": "command, versions and machine of the training",
    "checkpoints": "all variables after a step; a run is resumed from them",
    "rollbacks.json": "each return to a checkpoint",
    "logs": "for TensorBoard",
}


def list_files(folder):
    """Lists what lies in a workdir, with what each file is."""
    lines = [f"In {folder}:"]
    for name, description in DESCRIPTIONS.items():
        if (folder / name).exists():
            lines.append(f"  {name:<20} {description}")
    return "\n".join(lines)
