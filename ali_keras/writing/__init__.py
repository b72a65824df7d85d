"""Files of images and codes that other programs read."""
