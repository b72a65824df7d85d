"""What a training step minimises: the pieces of the objective, put together.

A piece is a module that has its `Settings`; if it brings terms, also their
list `TERMS` and a function `terms(objective, forward)`. `PIECES` is the list
of all. To add a term, write such a module and name it there. `totals` knows
one piece by name: the latent regression may take turns with all others.
"""

from ali_keras import settings
from ali_keras.objectives import adversarial
from ali_keras.objectives import augmentation
from ali_keras.objectives import cycle
from ali_keras.objectives import latent_regression
from ali_keras.objectives import regularization
from ali_keras.objectives import semi_supervised
from ali_keras.objectives.forward import Forward
from ali_keras.objectives.forward import Networks
from ali_keras.objectives.term import DISCRIMINATOR
from ali_keras.objectives.term import GENERATOR
from ali_keras.objectives.term import total

PIECES = (
    adversarial,
    augmentation,
    cycle,
    latent_regression,
    semi_supervised,
)


# A dataclass takes the fields of its last base first.
@settings.group
class Objective(*(piece.Settings for piece in reversed(PIECES))):
    """The ALI objective. The defaults are the paper's.

    `ali_keras.objectives` has a module for each of its pieces, which says
    more of their settings.
    """

    # A subclass may bring pieces of its own, and their `Settings` as bases.
    # Of a saved model, `load_model` restores the settings of this class only.
    pieces = PIECES

    @classmethod
    def all_terms(cls):
        """Returns the `Term`s of all pieces, whether on or off."""
        return [t for p in cls.pieces for t in getattr(p, "TERMS", ())]

    def terms(
        self,
        networks,
        images,
        key,
        step,
        training,
        prior="normal",
        labels=None,
        labelled=None,
    ):
        """Runs the networks forward and computes the terms of all losses.

        Args:
            networks: `Networks`, or a tuple of the first three.
            images: Float tensor `(batch, height, width, channels)`.
            key: int32 tensor of shape `(2,)`, see `noise.fold`.
            step: Scalar integer tensor.
            training: Boolean. Whether the stabilisers act.
            prior: String, one of `prior.PRIORS`.
            labels: int32 tensor `(batch,)`, -1 where there is no label, or
                `None`. ALI's own terms do not look at them, but conditional
                networks are told them.
            labelled: Tuple of the images and labels of a labelled batch, for
                `semi_supervised`; `None` if there is none.

        Returns:
            Dictionary of scalars by the names of `all_terms`, without the
            terms that are off.
        """
        forward = Forward(
            self,
            Networks(*networks),
            images,
            labels,
            key,
            step,
            training,
            prior,
            labelled,
        )
        values = {}
        for piece in self.pieces:
            if hasattr(piece, "TERMS"):
                values = _add(values, piece.terms(self, forward))
        return values

    def totals(self, terms, step):
        """Sums the terms to the discriminators' and the generators' loss.

        Args:
            terms: What `terms` returned, and `LayerLosses.terms`, if the
                networks' layers have losses.
            step: Scalar integer tensor.

        Returns:
            Tuple of two scalars.
        """
        regression = latent_regression.TERMS
        others = [t for t in self.all_terms() if t not in regression]
        others += regularization.TERMS
        players = [
            total(player, others, terms, self)
            for player in (DISCRIMINATOR, GENERATOR)
        ]
        if not self.latent_regression:
            return tuple(players)
        regressed = total(GENERATOR, regression, terms, self)
        return latent_regression.take_turns(self, *players, regressed, step)


def _add(terms, others):
    """Joins two dictionaries; what is in both is summed."""
    both = {k: terms[k] + others[k] for k in terms.keys() & others.keys()}
    return {**terms, **others, **both}
