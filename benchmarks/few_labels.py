"""Classifiers of few labels without ALI, to set beside its discriminator.

python -m benchmarks.few_labels --workdir=runs/semi --method=pseudo_labels \
    --output=results/few_labels.jsonl

The network is the discriminator of a semi-supervised run, with new weights,
and its z is always 0. Labelled images, batches and optimizer are those of the
run. Two methods train it:

- labels: on the labelled images alone.
- pseudo_labels: on the others too. The class that the network gives to an image
  is the label of a distorted copy of it, if its probability is at least 0.95
  (Lee, 2013; Sohn et al., 2020, FixMatch).

Both see images shifted at random. The error is that of the averaged weights on
held-out images, those of --split if it is given. A line is added to --output.
"""

import time

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from ali_keras import files
from ali_keras import noise
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.config import Config
from ali_keras.data import batches
from ali_keras.data import labelled
from ali_keras.data import splits
from ali_keras.data.preprocessing import to_float
from ali_keras.errors import InputError
from ali_keras.evaluation.metrics.classification_error import error
from ali_keras.model.build import networks_of
from ali_keras.objectives import augmentation
from ali_keras.objectives.class_losses import classification_losses
from ali_keras.optimizers import adam
from ali_keras.workdir.record import describe_run
from tools.documents import records

common_flags.declare(__name__, "workdir", "output", "data_dir", "split")
METHODS = ("labels", "pseudo_labels")
METHOD = flags.DEFINE_enum("method", METHODS[0], METHODS, "How to train.")
BASELINE_STEPS = flags.DEFINE_integer(
    "baseline_steps", 10_000, "Steps of training.", lower_bound=1
)
MIN_PROBABILITY = 0.95


def main():
    """Loads, trains, measures, prints, and adds a line to --output."""
    workdir = common_flags.workdir()
    config = Config.read(workdir.config)
    if not config.discriminator_classes:
        raise InputError(
            "--workdir must be of a run with --discriminator_classes. "
            f"Received: {workdir.path}"
        )
    chosen = files.read_json(workdir.labelled_images)
    (images, _), held_out = splits.load_splits(
        config, held_out=common_flags.SPLIT.value, **common_flags.reading()
    )
    classifier = Classifier(config, METHOD.value == METHODS[1])
    started = time.monotonic()
    batches_of_steps = _batches(config, images, chosen)
    classifier.fit(batches_of_steps, verbose=2, shuffle=False)
    seconds = time.monotonic() - started
    logits = classifier.predict(to_float(held_out[0]), 1000, verbose=0)
    found = error(logits, held_out[1])
    print(f"Error: {found:.4f} after {seconds:.0f} s.")
    if common_flags.OUTPUT.value:
        _record(config, len(chosen["labels"]), found, seconds)


class Classifier(keras.Model):
    """The discriminator of a configuration as a classifier of images.

    Args:
        config: `Config` with `discriminator_classes`.
        uses_unlabelled: Boolean. Whether the network's own classes of
            unlabelled images are learned too.
    """

    def __init__(self, config, uses_unlabelled):
        super().__init__()
        _, _, self.network = networks_of(config)
        self.config = config
        self.uses_unlabelled = uses_unlabelled
        self.distort = keras.Sequential(
            [
                keras.Input(config.image_shape),
                keras.layers.RandomRotation(0.05, seed=config.seed),
                keras.layers.RandomZoom(0.15, seed=config.seed),
                keras.layers.RandomErasing(seed=config.seed),
            ]
        )
        self.compile(
            adam(
                config.optimizers,
                config.discriminator_learning_rate,
                use_ema=True,
                ema_momentum=config.ema_decay,
            )
        )
        self.built = True  # All its layers are.

    def call(self, images, training=False):
        """Returns logits `(batch, num_classes)`."""
        z = tf.zeros((tf.shape(images)[0], self.config.latent_dim))
        with noise.scope(self._key(noise.LABELLED_DROPOUT)):
            return self.network([images, z], training=training)

    def train_step(self, data):
        """Moves the network by the labelled batch and its own classes."""
        images = self._shift(data["labelled_image"], 0)
        with tf.GradientTape() as tape:
            logits = self(images, training=True)
            losses = classification_losses(logits, data["labelled_label"])
            loss = tf.reduce_mean(losses)
            if self.uses_unlabelled:
                loss += self._loss_of_own_classes(data["image"])
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}

    def _loss_of_own_classes(self, images):
        known = tf.nn.softmax(self(self._shift(images, 1), training=False))
        known = tf.stop_gradient(known)
        distorted = self.distort(self._shift(images, 2), training=True)
        losses = classification_losses(
            self(distorted, training=True),
            tf.argmax(known, axis=-1, output_type=tf.int32),
        )
        is_sure = tf.reduce_max(known, axis=-1) >= MIN_PROBABILITY
        return tf.reduce_mean(losses * tf.cast(is_sure, losses.dtype))

    def _shift(self, images, purpose):
        key = noise.fold(self._key(noise.LABELLED_SHIFT), purpose)
        num_pixels = self.config.objective.labelled_shift
        return augmentation.shift(images, num_pixels, key)

    def _key(self, stream):
        step = tf.cast(self.optimizer.iterations, tf.int32)
        return noise.fold(self.config.seed, stream, step)


def _batches(config, images, chosen):
    steps = range(BASELINE_STEPS.value)
    return labelled.add_labelled(
        batches.training_batches(
            images, config.batch_size, config.seed, steps, len(steps)
        ),
        images,
        labelled.LabelledSubset(
            np.array(chosen["indices"]), np.array(chosen["labels"])
        ),
        config.labelled_batch_size or config.batch_size,
        config.seed,
        steps,
    )


def _record(config, num_labels, found, seconds):
    record = records.describe(
        f"{config.dataset}_{num_labels}_{METHOD.value}",
        describe_run(1),
        {"classification_error": {"z_zero": found}},
    )
    records.add(
        common_flags.OUTPUT.value,
        {**record, "seed": config.seed, "seconds": seconds},
    )


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
