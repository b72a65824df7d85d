"""What a saved model holds: its networks and how it was compiled."""

import dataclasses

import keras

from ali_keras.objectives.forward import Networks
from ali_keras.objectives.objective import Objective


class Saving:
    """The part of `ALI` that Keras saves and makes anew."""

    def save(self, filepath, *args, **kwargs):
        """Saves the model as `keras.Model.save`, to a `.keras` file.

        Raises:
            ValueError: if the file is to be HDF5, which cannot hold it.
        """
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                "A model must be saved to a .keras file, or its weights to a "
                f".weights.h5 file by save_weights. Received: {filepath}"
            )
        return super().save(filepath, *args, **kwargs)

    def get_config(self):
        # Unconditional models stay readable by versions without labels.
        labels = {"num_classes": self.num_classes} if self.num_classes else {}
        return {
            **super().get_config(),
            **labels,
            **self._serialized(*Networks._fields),
            "prior": self.prior,
            "bounded": self.bounded,
            "seed": self.seed,
            "ema_decay": self.ema_decay,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        networks = {
            name: keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
            for name in Networks._fields
        }
        return cls(**{**config, **networks})

    def get_compile_config(self):
        if not self.compiled:
            return {}
        return {
            **self._serialized(
                "generator_optimizer", "discriminator_optimizer"
            ),
            "objective": dataclasses.asdict(self.objective),
            "jit_compile": self.asked_jit_compile,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(config)
        objective = Objective(**config.pop("objective"))
        self.compile(**config, objective=objective)

    def _serialized(self, *names):
        return {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in names
        }
