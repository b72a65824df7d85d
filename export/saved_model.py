"""Writes encoder and decoder as two SavedModels for TF Serving.

python -m export.saved_model --workdir=runs/demo --output=runs/demo/export

Makes OUTPUT/encoder/VERSION and OUTPUT/decoder/VERSION. Both hold the averaged
weights in float32, whatever the precision of the training.
"""

import os
import pathlib
import tempfile

import keras
import tensorflow as tf
from absl import flags

from ali_keras import common_flags
from ali_keras import noise
from ali_keras import posterior
from ali_keras import program
from ali_keras.errors import InputError
from ali_keras.objective import POSTERIOR

common_flags.declare(__name__, "workdir", "output")
VERSION = flags.DEFINE_integer(
    "version", None, "Default: the next free number.", lower_bound=1
)


def export_saved_models(model, output, version=None):
    """Writes encoder and decoder as SavedModels, each whole or not at all.

    The signatures do not check that pixels lie in [0, 1].

    Signatures of the encoder: `encode` (also `serving_default`): `image`
    `(batch, height, width, channels)` float32 in [0, 1] to `z_mean` and
    `z_log_sigma` `(batch, latent_dim)`; `sample`: `image` and `seed`, a scalar
    int32, to `z`. Of the decoder: `decode` (also `serving_default`): `z` to
    `image`.

    Args:
        model: `ALI`.
        output: Path of the folder of both servables.
        version: Integer of at least 1; `None` is the next number that is free
            in both.

    Returns:
        Tuple of both paths.

    Raises:
        InputError: if the version exists already, or cannot be written.
    """
    folders = [pathlib.Path(output, name) for name in ("encoder", "decoder")]
    version = version or 1 + max(_newest_version(f) for f in folders)
    paths = tuple(folder / str(version) for folder in folders)
    for path in paths:
        if path.exists():
            raise InputError(
                "A version must be a number that is free. Received: "
                f"{version}, and {path} exists"
            )
    for path, archive in zip(
        paths, (encoder_archive(model), decoder_archive(model)), strict=True
    ):
        _write_whole(archive, path)
    return paths


def encoder_archive(model):
    """Builds the encoder's `keras.export.ExportArchive`."""
    encoder = model.encoder_ema
    image = tf.TensorSpec(encoder.input_shape, tf.float32, "image")
    seed = tf.TensorSpec((), tf.int32, "seed")

    def encode(image):
        outputs = encoder(image, training=False)
        return {k: v for k, v in outputs.items() if k != "features"}

    def sample(image, seed):
        key = noise.fold(seed, POSTERIOR)
        return {"z": posterior.encode(encoder, image, key, training=False)}

    archive = keras.export.ExportArchive()
    archive.track(encoder)
    archive.add_endpoint("encode", encode, [image])
    archive.add_endpoint("sample", sample, [image, seed])
    return archive


def decoder_archive(model):
    """Builds the decoder's `keras.export.ExportArchive`."""
    decoder = model.decoder_ema
    z = tf.TensorSpec(decoder.input_shape, tf.float32, "z")

    def decode(z):
        return {"image": decoder(z, training=False)}

    archive = keras.export.ExportArchive()
    archive.track(decoder)
    archive.add_endpoint("decode", decode, [z])
    return archive


def main():
    """Loads the model, writes both SavedModels."""
    output = common_flags.OUTPUT.value
    if not output:
        raise InputError("--output must be given: a folder of servables")
    model, _ = common_flags.workdir().load()
    for path in export_saved_models(model, output, VERSION.value):
        print(f"Wrote {path}.")


def run():
    """Runs the program."""
    program.run(main)


def _newest_version(folder):
    names = (path.name for path in folder.glob("*"))
    return max((int(name) for name in names if name.isdigit()), default=0)


def _write_whole(archive, path):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
            archive.write_out(f"{temporary}/model", verbose=False)
            os.replace(f"{temporary}/model", path)
    except OSError as error:
        raise InputError(
            "--output must be a folder that can be written. Received: "
            f"{path.parent} ({error.strerror or error})"
        ) from None


if __name__ == "__main__":
    run()
