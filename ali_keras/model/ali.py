"""The ALI model: three networks, one simultaneous training step."""

import keras
import tensorflow as tf

from ali_keras import noise
from ali_keras.config import RunSettings
from ali_keras.data.labelled import labelled_of
from ali_keras.data.preprocessing import images_of
from ali_keras.distribution.replicas import check_steps_per_execution
from ali_keras.distribution.replicas import num_replicas
from ali_keras.distribution.replicas import reducible
from ali_keras.model import averages
from ali_keras.model import keras_calls
from ali_keras.model import network_checks
from ali_keras.model import trackers
from ali_keras.model.inference import Inference
from ali_keras.model.keras_calls import KerasCalls
from ali_keras.model.labelled import Labelled
from ali_keras.model.saving import Saving
from ali_keras.model.updates import loss_scaling
from ali_keras.model.updates import simultaneous
from ali_keras.model.updates.both_optimizers import BothOptimizers
from ali_keras.model.updates.both_optimizers import check_optimizers
from ali_keras.model.updates.graph_options import TrainsWithoutRemapper
from ali_keras.model.updates.simultaneous import Player
from ali_keras.objectives import regularization
from ali_keras.objectives.forward import Networks
from ali_keras.objectives.objective import Objective
from ali_keras.settings import check_values


@keras.saving.register_keras_serializable(package="ali_keras")
class ALI(Inference, Labelled, KerasCalls, Saving, TrainsWithoutRemapper):
    """Adversarially Learned Inference (Dumoulin et al., ICLR 2017).

    An encoder q(z|x) and a decoder p(x|z) are trained against a discriminator
    that sees pairs and tells (x, z ~ q(z|x)) from (x ~ p(x|z), z ~ N(0, I)).
    `fit` takes batches of images in [0, 1], (images, labels) or dictionaries
    with the keys "image" and, if there are labels, "label", as TFDS gives
    them. Labels reach the objective. Networks that take a label as one input
    more, the last of a list, make the model conditional: they are told the
    batch's labels. docs/conditional.md has more.

    A discriminator of K logits tells classes, from labels of some images: see
    `objectives.semi_supervised`, and `classify`. A dictionary may then hold a
    labelled batch beside the other, at "labelled_image" and "labelled_label".

    As in the authors' code, one call of the discriminator takes both kinds of
    pairs: its batch normalization mixes them, both losses share its dropout.
    In a new process, `import ali_keras` before `keras.models.load_model`.

    Inference (`encode`, `decode` and all that follow from them, `predict`,
    `evaluate`) uses exponential moving averages of encoder and decoder, in
    full precision whatever the networks' policy. With `ema_decay=0`, the
    paper's choice, they are plain copies of the weights after each step.

    Args:
        encoder: `keras.Model`, image to a dictionary of `z_mean`,
            `z_log_sigma` `(batch, latent_dim)` and `features`, the latter for
            the method of that name; without `z_log_sigma` it is
            deterministic, as BiGAN's. A plain tensor is taken as `z_mean`.
        decoder: `keras.Model`, z `(batch, latent_dim)` to image.
        discriminator: `keras.Model`, [image, z] to logit `(batch, 1)`, or to
            a logit for each class, `(batch, num_classes)`.
        cycle_discriminator: `keras.Model`, [image, image] to logit, for an
            objective with an adversarial cycle. `None` is none.
        prior: "normal" or "uniform", see `prior.sample`.
        bounded: Boolean. Whether images must lie in [0, 1]; if not, any
            finite values go, such as points in the plane.
        num_classes: Integer. Classes of networks that take class labels;
            `None` if they take none, or attributes.
        seed: Integer. Training noise is a function of it and the step.
        ema_decay: Float in [0, 1). Decay per step of the averages, reached
            after a warm-up of some `10 * ema_decay / (1 - ema_decay)` steps.

    Raises:
        ValueError: if the networks do not fit together; it says what must.

    Reference: https://arxiv.org/abs/1606.00704
    """

    def __init__(
        self,
        encoder,
        decoder,
        discriminator,
        cycle_discriminator=None,
        prior="normal",
        bounded=True,
        seed=0,
        ema_decay=0.0,
        num_classes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.autocast = False  # Images stay in full precision.
        check_values(RunSettings, prior=prior, ema_decay=ema_decay)
        self.encoder = encoder = network_checks.as_encoder(encoder)
        self.decoder = decoder
        self.discriminator = discriminator
        self.cycle_discriminator = cycle_discriminator
        self.prior = prior
        self.bounded = bounded
        self.seed = seed
        self.ema_decay = ema_decay
        self.num_classes = num_classes
        self.condition = network_checks.check_networks(
            self.networks, num_classes
        )
        if bounded:
            network_checks.check_range(decoder, prior, self.condition)
        self.latent_dim = decoder.inputs[0].shape[-1]
        self.encoder_ema, self.decoder_ema, self.discriminator_ema = (
            averages.averages_of(self)
        )
        self.step = self._add_counter()
        self.build(self.input_shape)

    def _add_counter(self):
        # Not an optimizer's counter: that stands still on a skipped step.
        return self.add_weight(
            name="step",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    def build(self, input_shape):
        self.built = True  # The networks came with their weights.

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """All is built. Keras 3.15 fails on workers' (images, labels) here."""

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        objective=None,
        **kwargs,
    ):
        """Configures training.

        Call it inside the scope of a distribution strategy, if there is one:
        both optimizers are built here. Where a network computes in float16,
        both are wrapped in `keras.optimizers.LossScaleOptimizer`.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer` or its name, for
                encoder and decoder.
            discriminator_optimizer: `keras.optimizers.Optimizer` or its name.
            objective: `Objective`. Defaults to the paper's.
            **kwargs: `run_eagerly`, `jit_compile`, `steps_per_execution`, as
                `keras.Model.compile`.
        """
        keras_calls.check_compile_arguments(kwargs)
        check_steps_per_execution(kwargs.get("steps_per_execution", 1))
        regularization.check_replicas(self.networks)
        optimizers = keras_calls.two_optimizers(
            generator_optimizer, discriminator_optimizer
        )
        check_optimizers(*optimizers)
        super().compile(optimizer=None, **kwargs)
        # As asked, to be saved: Keras resolves "auto" for this machine.
        self.asked_jit_compile = kwargs.get("jit_compile", "auto")
        self.generator_optimizer, self.discriminator_optimizer = (
            loss_scaling.scaled(optimizer, self.trained_networks)
            for optimizer in optimizers
        )
        self.objective = objective or Objective()
        self.trackers = trackers.Trackers(
            self.objective, regularization.terms_of(self.networks)
        )
        keras_calls.check_objective(self)
        self.generator_optimizer.build(self.generator_variables)
        self.discriminator_optimizer.build(self.discriminator_variables)
        self._both_optimizers = BothOptimizers(
            self.generator_optimizer, self.discriminator_optimizer, self.step
        )

    @property
    def networks(self):
        """The networks that training changes: `forward.Networks`."""
        return Networks(
            self.encoder,
            self.decoder,
            self.discriminator,
            self.cycle_discriminator,
        )

    @property
    def generator_variables(self):
        """Trainable variables of encoder and decoder, in a fixed order."""
        return (
            self.encoder.trainable_variables + self.decoder.trainable_variables
        )

    @property
    def discriminator_variables(self):
        """Trainable variables of the discriminators, in a fixed order."""
        variables = list(self.discriminator.trainable_variables)
        if self.cycle_discriminator:
            variables += self.cycle_discriminator.trainable_variables
        return variables

    @property
    def players(self):
        """Tuple of two `Player`s: discriminator and generator."""
        return (
            Player(self.discriminator_optimizer, self.discriminator_variables),
            Player(self.generator_optimizer, self.generator_variables),
        )

    def train_step(self, data):
        """One step of Algorithm 1: one forward pass, two updates."""
        images, labels = self._images_and_labels(data)
        labelled = labelled_of(data, self.variable_dtype, self.bounded)
        key = noise.fold(self.seed, self.step)
        players = self.players
        with tf.GradientTape(persistent=True) as tape:
            with loss_scaling.finite_statistics(self.trained_networks, players):
                layer_losses = regularization.LayerLosses(self.networks)
                terms = self._terms(
                    layer_losses.networks,
                    images,
                    labels,
                    key,
                    training=True,
                    labelled=labelled,
                )
                terms = {**terms, **layer_losses.terms()}
            totals = self.objective.totals(terms, self.step)
            losses = simultaneous.scale(players, totals)
        skipped = simultaneous.update_simultaneously(players, losses, tape)
        averages.update_model(self, *skipped)
        self.step.assign_add(1)
        means = self.trackers.track(
            terms,
            batch_size=tf.shape(images)[0],
            leave_out_overflows=loss_scaling.is_used_by(players),
        )
        return reducible({**means, **loss_scaling.scales(*players)})

    def test_step(self, data):
        """Losses and reconstruction error of the averaged networks."""
        images, labels = self._images_and_labels(data)
        # Counts the images of this evaluation: each batch gets its own noise.
        seen = self.trackers.num_seen * num_replicas()
        key = noise.fold(self.seed, self.step, tf.cast(seen, tf.int32))
        terms = self._evaluation_terms(images, labels, key)
        batch_size = tf.shape(images)[0]
        return reducible(self.trackers.track(terms, batch_size))

    def _evaluation_terms(self, images, labels, key):
        networks = self.networks._replace(
            encoder=self.encoder_ema,
            decoder=self.decoder_ema,
            discriminator=self.discriminator_ema or self.discriminator,
        )
        terms = self._terms(networks, images, labels, key, training=False)
        terms[trackers.RECONSTRUCTION_ERROR] = tf.reduce_mean(
            tf.square(images - self._reconstructed(images, labels))
        )
        return terms

    def _reconstructed(self, images, labels):
        return self((images, labels) if self.condition else images)

    def _images_and_labels(self, data):
        keras_calls.check_no_weights(data)
        images = images_of(data, self.variable_dtype, self.bounded)
        images = network_checks.check_batch(images, self.input_shape)
        return images, self.labels_of_batch(data)

    def _terms(self, networks, images, labels, key, training, labelled=None):
        return self.objective.terms(
            networks,
            images,
            key,
            self.step,
            training,
            self.prior,
            labels,
            labelled,
        )

    @property
    def trained_networks(self):
        """List of the `networks` that there are."""
        return [network for network in self.networks if network]
