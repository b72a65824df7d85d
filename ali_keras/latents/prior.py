"""The prior p(z)."""

from ali_keras import noise

# ALI's and ALICE's; BiGAN's, on [-1, 1].
PRIORS = ("normal", "uniform")


def sample(prior, key, shape, dtype="float32"):
    """Draws z from the prior, this replica's slice of the global batch.

    Args:
        prior: "normal", N(0, I), or "uniform", each value between -1 and 1.
        key: int32 tensor of shape `(2,)`, see `noise.fold`.
        shape: `(batch, latent_dim)`; axis 0 is the local batch.
        dtype: Type of the result.

    Returns:
        Tensor of the given shape.
    """
    if prior == "normal":
        return noise.normal(key, shape, dtype)
    return 2 * noise.uniform(key, shape, dtype) - 1


def sample_rows(prior, key, first, shape, dtype="float32"):
    """Draws the rows from `first` on that `sample` has with more rows.

    Args:
        prior: As for `sample`.
        key: As for `sample`.
        first: Integer. The number of the first row.
        shape: `(num_rows, latent_dim)`.
        dtype: Type of the result.

    Returns:
        Tensor of the given shape.
    """
    drawn = noise.rows(prior, key, first, shape, dtype)
    return drawn if prior == "normal" else 2 * drawn - 1
