"""Large images become small ones while their pixels are still 8 bits.

As floats, with what is computed from them, an image takes some 30 bytes a
pixel. At 8 bits it takes 3, and at most as much for its central square.
"""

from ali_keras.lazy import tensorflow as tf

# Images of up to so many pixels are left as they are.
LARGE = 2048 * 2048
SIDE = 1024


def shrink(image, size):
    """Cuts out a large image's central square, and averages it to fewer pixels.

    What is left is several times as large as the networks' images, so that
    the resizing that follows decides what they look like.

    Args:
        image: Tensor `(height, width, channels)` of any type.
        size: Integer. Height and width that the image will have.

    Returns:
        Tensor of the same type: an image of up to `LARGE` pixels as it is, a
        larger one as a square.
    """
    height, width, channels = image.shape
    if None not in (height, width) and height * width <= LARGE:
        return image
    height, width, _ = tf.unstack(tf.shape(image))

    def shrink_it():
        side = tf.minimum(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = image[top : top + side, left : left + side]
        smaller = tf.minimum(side, max(SIDE, 4 * size))
        return tf.cond(
            side > smaller, lambda: _average(square, smaller), lambda: square
        )

    is_large = tf.cast(height, tf.int64) * tf.cast(width, tf.int64) > LARGE
    result = tf.cond(is_large, shrink_it, lambda: tf.identity(image))
    result.set_shape((None, None, channels))
    return result


def _average(square, side):
    # The one operation that resizes 8 bits without a copy as floats.
    averaged = tf.raw_ops.ResizeArea(images=square[None], size=[side, side])[0]
    if not square.dtype.is_floating:
        averaged = tf.round(averaged)
    return tf.cast(averaged, square.dtype)
