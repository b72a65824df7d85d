"""Classifiers of few labels without ALI, to set beside its discriminator.

python -m benchmarks.few_labels --data_dir=tfds --method=pseudo_labels \
    --output=results/few_labels_baselines.jsonl

The network is the discriminator of --preset, whose z is always 0, and the
labelled images are those of `tools.train` with the same --preset, --num_labels
and --seed. Two methods train it with the preset's optimizer:

- labels: on the labelled images alone.
- pseudo_labels: on the others too. The class that the network gives to an image
  is the label of a distorted copy of it, if its probability is at least 0.95
  (Lee, 2013; Sohn et al., 2020, FixMatch).

Both see images shifted at random. The error is that of the averaged weights on
the images of --split. A line is added to --output.
"""

import time

import keras
import tensorflow as tf
from absl import flags

from ali_keras import noise
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.config import Config
from ali_keras.data import batches
from ali_keras.data import labelled
from ali_keras.data import splits
from ali_keras.errors import InputError
from ali_keras.evaluation.metrics.classification_error import error
from ali_keras.model.build import networks_of
from ali_keras.objectives import augmentation
from ali_keras.objectives.class_losses import classification_losses
from ali_keras.workdir.record import describe_run
from tools.documents import records

common_flags.declare(__name__, "output", "data_dir", "split", "seed")
METHOD = flags.DEFINE_enum(
    "method", "labels", ["labels", "pseudo_labels"], "How to train."
)
PRESET = flags.DEFINE_string("preset", "semi_mnist", "Preset of the run.")
DATASET_NAME = flags.DEFINE_string("images", "mnist", "TFDS name.")
NUM_LABELS = flags.DEFINE_integer(
    "num_labels", None, "Default: the preset's.", lower_bound=1
)
TRAIN_SPLIT = flags.DEFINE_string("train_split", None, "As of tools.train.")
NUM_STEPS = flags.DEFINE_integer(
    "num_steps", 10_000, "Steps of training.", lower_bound=1
)
MIN_PROBABILITY = 0.95


def main():
    """Loads, trains, measures, prints, and adds a line to --output."""
    config = Config.from_preset(
        PRESET.value,
        DATASET_NAME.value,
        num_labels=NUM_LABELS.value,
        train_split=TRAIN_SPLIT.value,
        data_dir=common_flags.DATA_DIR.value,
        seed=common_flags.SEED.value,
    )
    if not config.discriminator_classes:
        raise InputError(
            "--preset must have a discriminator of classes, as semi_mnist "
            f"has. Received: {PRESET.value}"
        )
    train, held_out = splits.load_splits(
        config, held_out=common_flags.SPLIT.value
    )
    classifier = Classifier(config, METHOD.value == "pseudo_labels")
    started = time.monotonic()
    classifier.fit(_batches(config, *train), verbose=2, shuffle=False)
    seconds = time.monotonic() - started
    logits = classifier.predict(held_out[0] / 255.0, 1000, verbose=0)
    found = error(logits, held_out[1])
    print(f"Error: {found:.4f} after {seconds:.0f} s.")
    if common_flags.OUTPUT.value:
        _record(config, found, seconds)


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
            keras.optimizers.Adam(
                config.discriminator_learning_rate,
                config.optimizers.beta_1,
                config.optimizers.beta_2,
                use_ema=True,
                ema_momentum=config.ema_decay,
            )
        )
        self.built = True  # All its layers are.

    def call(self, images, training=False):
        """Returns logits `(batch, num_classes)`."""
        z = tf.zeros((tf.shape(images)[0], self.config.latent_dim))
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
        step = tf.cast(self.optimizer.iterations, tf.int32)
        key = noise.fold(self.config.seed, noise.LABELLED_SHIFT, step)
        return augmentation.shift(
            images,
            self.config.objective.labelled_shift,
            noise.fold(key, purpose),
        )


def _batches(config, images, labels):
    steps = range(NUM_STEPS.value)
    subset = labelled.choose(
        labels, config.num_labels, config.discriminator_classes, config.seed
    )
    return labelled.add_labelled(
        batches.training_batches(
            images, config.batch_size, config.seed, steps, len(steps)
        ),
        images,
        subset,
        config.labelled_batch_size or config.batch_size,
        config.seed,
        steps,
    )


def _record(config, found, seconds):
    path = common_flags.OUTPUT.value
    record = records.describe(
        f"{METHOD.value}_{config.dataset}_{config.num_labels}",
        describe_run(1),
        {"classification_error": {"z_zero": found}},
    )
    record.update(seed=config.seed, seconds=seconds)
    records.add(path, record)


if __name__ == "__main__":
    program.run(main)
