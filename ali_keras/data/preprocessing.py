"""Images: one preprocessing for training, tools and export, and one check."""

import re

import numpy as np

from ali_keras.data.large_images import shrink
from ali_keras.lazy import tensorflow as tf

# Height and width of CelebA's aligned images.
ALIGNED_SHAPE = (218, 178)


def preprocess(image, size, channels, dataset=None):
    """Turns one image of any size into the networks' input.

    A wider or taller image is cropped to its central square, then resized
    (bilinear, antialiased). Grey becomes RGB by repetition, RGB becomes grey
    by luma (ITU-R BT.601), an alpha channel is dropped. An image of more than
    4 million pixels is first averaged to fewer, see `large_images.shrink`.

    The aligned images of `celeb_a` are treated as the authors of ALI did
    (`convert_celeba_64` in Fuel, their data library): resized to 64x78
    (Lanczos), then cropped to their central 64x64; in proportion for other
    sizes.

    Args:
        image: Tensor `(height, width, channels)`: integers are scaled by
            their type's maximum, floats lie in [0, 1] already. Or a scalar
            string tensor with an encoded JPEG, PNG, GIF or BMP.
        size: Integer. Height and width of the result.
        channels: Integer, 1 or 3.
        dataset: TFDS name of the data set that the image is of, if it is of
            one.

    Returns:
        float32 tensor `(size, size, channels)` in [0, 1].
    """
    if image.dtype == tf.string:
        # Grey is made below: libraries of JPEG and PNG have other weights.
        image = tf.io.decode_image(image, 3, expand_animations=False)
        image.set_shape((None, None, 3))
    if image.dtype.is_floating:
        image = _check_range(image)
    if image.shape != (size, size, image.shape[-1]):
        image = shrink(image, size)
    image = tf.image.convert_image_dtype(image, tf.float32)
    image = _match_channels(image, channels)
    if image.shape != (size, size, channels):
        resize = _resize_aligned if _is_celeb_a(dataset) else _resize_square
        image = tf.clip_by_value(resize(image, size), 0.0, 1.0)
    return tf.ensure_shape(image, (size, size, channels))


def preprocess_to_uint8(image, size, channels, dataset=None):
    """Does what `preprocess` does, and returns 8-bit pixels.

    An image that is as wanted already is returned as it is. Others are
    rounded once, at the end.

    Arguments as `preprocess`.

    Returns:
        uint8 tensor `(size, size, channels)`.
    """
    if image.dtype == tf.uint8 and image.shape == (size, size, channels):
        return image
    return round_to_uint8(preprocess(image, size, channels, dataset))


def describe_preprocessing(shape, size, channels, dataset=None):
    """Says in words what `preprocess` does to images of a static shape.

    Args:
        shape: Tuple `(height, width, channels)`, `None` where it varies.
        size: Integer. Height and width of the result.
        channels: Integer. Channels of the result.
        dataset: As for `preprocess`.

    Returns:
        String such as "center-cropped to a square, resized to 28x28".
    """
    height, width, source_channels = shape
    steps = []
    is_celeb_a = _is_celeb_a(dataset)
    if is_celeb_a and (height, width) in (ALIGNED_SHAPE, (None, None)):
        steps.append(f"resized to {size}x{_aligned_height(size)}")
        steps.append(f"cropped to their central {size}x{size}")
        if height is None:
            steps[0] = f"if of 178x218 {steps[0]}"
            steps[1] += f" (others: center-cropped, resized to {size}x{size})"
    else:
        if height != width or height is None:
            steps.append("center-cropped to a square")
        if (height, width) != (size, size):
            steps.append(f"resized to {size}x{size}")
    if source_channels != channels:
        steps.append("made grey" if channels == 1 else "made RGB")
    return ", ".join(steps) or "taken as they are"


def images_of(data, dtype="float32", bounded=True):
    """Takes the images out of a batch, and refuses what is not in [0, 1].

    Args:
        data: Images `(batch, height, width, channels)`, a tuple or list that
            begins with them, or a TFDS dictionary with the key "image".
        dtype: Float type of the result.
        bounded: Boolean. If not, any finite values go.

    Returns:
        Tensor of images.

    Raises:
        ValueError: if there is no "image" key, or the type is no float type.
        tf.errors.InvalidArgumentError: if a pixel is outside [0, 1] or NaN.
            (A check in the graph; XLA leaves it out.)
    """
    if isinstance(data, dict):
        if "image" not in data:
            raise ValueError(
                "A dictionary of training data must hold the key 'image'. "
                f"Received: keys {sorted(data)}"
            )
        data = data["image"]
    elif isinstance(data, (tuple, list)):
        data = data[0]
    images = tf.convert_to_tensor(data)
    if not images.dtype.is_floating:
        raise ValueError(
            "Images must be floats in [0, 1]; divide 8-bit pixels by 255. "
            f"Received: dtype {images.dtype.name}"
        )
    images = tf.cast(images, dtype)
    if bounded:
        return _check_range(images)
    return tf.debugging.check_numerics(images, "Values must be finite")


def to_uint8(images):
    """Rounds images in [0, 1] to 8 bits, as a NumPy array."""
    return round_to_uint8(images).numpy()


def round_to_uint8(images):
    """Rounds images in [0, 1] to 8 bits, as a tensor."""
    images = tf.clip_by_value(tf.convert_to_tensor(images), 0.0, 1.0)
    return tf.cast(tf.round(images * 255.0), tf.uint8)


def to_float(images):
    """Undoes `to_uint8`.

    Args:
        images: Array or tensor: uint8 pixels, or floats, which stay.

    Returns:
        Array or tensor, as was given: pixels as float32 in [0, 1].
    """
    if images.dtype != "uint8":
        return images
    if isinstance(images, np.ndarray):  # Without TensorFlow.
        return images.astype("float32") / 255.0
    return tf.cast(images, tf.float32) / 255.0


def _check_range(images):
    low, high = tf.reduce_min(images), tf.reduce_max(images)
    # Written so that a NaN fails it too.
    in_range = tf.logical_and(low >= 0.0, high <= 1.0)
    message = "Pixels must lie in [0, 1]. Received: pixels from, to"
    check = tf.debugging.Assert(in_range, [message, low, high])
    if check is None:  # Eager execution has raised already.
        return images
    with tf.control_dependencies([check]):
        return tf.identity(images)


def _is_celeb_a(dataset):
    # A TFDS name may end in a configuration or a version.
    return re.split("[/:]", dataset or "")[0] == "celeb_a"


def _aligned_height(size):
    return round(78 / 64 * size)


def _resize_aligned(image, size):
    def resize_and_crop():
        shape = (_aligned_height(size), size)
        resized = tf.image.resize(image, shape, "lanczos3", antialias=True)
        return tf.image.resize_with_crop_or_pad(resized, size, size)

    # What is not as CelebA's files are, a served image perhaps, would be
    # distorted.
    is_aligned = tf.reduce_all(tf.shape(image)[:2] == ALIGNED_SHAPE)
    return tf.cond(
        is_aligned, resize_and_crop, lambda: _resize_square(image, size)
    )


def _resize_square(image, size):
    side = tf.minimum(tf.shape(image)[0], tf.shape(image)[1])
    image = tf.image.resize_with_crop_or_pad(image, side, side)
    return tf.image.resize(image, (size, size), "bilinear", antialias=True)


def _match_channels(image, channels):
    image = image[..., :3] if image.shape[-1] == 4 else image
    if image.shape[-1] == channels:
        return image
    if channels == 3:
        return tf.image.grayscale_to_rgb(image)
    # The weights of luma do not add up to 1: what is grey would change.
    first = image[..., :1]
    is_grey = tf.reduce_all(image == first, axis=-1, keepdims=True)
    return tf.where(is_grey, first, tf.image.rgb_to_grayscale(image))
