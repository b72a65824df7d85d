"""Adversarially Learned Inference for Keras 3 on TensorFlow."""

from ali_keras import datasets
from ali_keras import losses
from ali_keras.building import build_model
from ali_keras.config import Config
from ali_keras.errors import InputError
from ali_keras.execution import Execution
from ali_keras.images import preprocess
from ali_keras.model import ALI
from ali_keras.networks import build_networks
from ali_keras.objective import Objective
from ali_keras.tables import Architecture
from ali_keras.tables import Row
from ali_keras.training import train

__all__ = [
    "ALI",
    "Architecture",
    "Config",
    "Execution",
    "InputError",
    "Objective",
    "Row",
    "build_model",
    "build_networks",
    "datasets",
    "losses",
    "preprocess",
    "train",
]
__version__ = "0.1.0"
