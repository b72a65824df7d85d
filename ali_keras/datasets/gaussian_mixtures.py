"""Points from mixtures of Gaussians, whose distribution is known.

A point of the plane is stored as an image of one pixel and two channels, in
its own units.
"""

import dataclasses
import itertools

import numpy as np
import tensorflow_datasets as tfds

SEED = 0  # Fixes all points, so each data set is always the same.
_ALI = "Dumoulin et al.: Adversarially Learned Inference (ICLR 2017)."
_ALICE = (
    "Li et al.: ALICE: Towards Understanding Adversarial Learning for Joint "
    "Distribution Matching (NIPS 2017)."
)


@dataclasses.dataclass(frozen=True)
class GaussianMixture:
    """Gaussians of equal weight and equal width in the plane.

    Attributes:
        means: Tuple of pairs, the centre of each component.
        stddev: Standard deviation of each component in each direction.
    """

    means: tuple[tuple[float, float], ...]
    stddev: float

    def draw(self, rng, num_points):
        """Draws points.

        Args:
            rng: `numpy.random.Generator`.
            num_points: Integer.

        Returns:
            Tuple of float32 points `(num_points, 2)` and of the int64 numbers
            of their components `(num_points,)`.
        """
        components = rng.integers(len(self.means), size=num_points)
        noise = rng.standard_normal((num_points, 2))
        points = np.array(self.means)[components] + self.stddev * noise
        return points.astype("float32"), components


MIXTURES = {
    # Dumoulin et al. 2017, section 4.6: experiments/ali_mixture.py.
    "mixture_25": GaussianMixture(
        means=tuple(itertools.product((-4.0, -2.0, 0.0, 2.0, 4.0), repeat=2)),
        stddev=0.05,
    ),
    # Li et al. 2017, section 5.1: toy_data/ALICE_l2.py, a variance of 0.04.
    "mixture_5": GaussianMixture(
        means=((0.0, 0.0), (2.0, 2.0), (-2.0, -2.0), (2.0, -2.0), (-2.0, 2.0)),
        stddev=0.2,
    ),
}


class _Points(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Features: `image` `(1, 1, 2)` float32, `label` the component's number."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}

    def _info(self):
        mixture = MIXTURES[self.name]
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                f"Points drawn from {len(mixture.means)} Gaussians with a "
                f"standard deviation of {mixture.stddev}, as images of one "
                "pixel and two channels, in their own units."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Tensor(
                        shape=(1, 1, 2), dtype=np.float32
                    ),
                    "label": tfds.features.ClassLabel(
                        num_classes=len(mixture.means)
                    ),
                }
            ),
            supervised_keys=("image", "label"),
            citation=self.CITATION,
        )

    def _split_generators(self, dl_manager):
        rng = np.random.default_rng(SEED)
        draw = MIXTURES[self.name].draw
        return {
            split: self._generate_examples(*draw(rng, num_points))
            for split, num_points in self.NUM_POINTS.items()
        }

    def _generate_examples(self, points, components):
        images = points.reshape(-1, 1, 1, 2)
        for index, image in enumerate(images):
            yield index, {"image": image, "label": components[index]}


class Mixture25(_Points):
    """A grid of 25 narrow Gaussians."""

    name = "mixture_25"
    NUM_POINTS = {"train": 100_000, "test": 10_000}
    CITATION = _ALI


class Mixture5(_Points):
    """Five Gaussians, in the middle and at the corners of a square."""

    name = "mixture_5"
    NUM_POINTS = {"train": 2_048, "test": 1_024}
    CITATION = _ALICE
