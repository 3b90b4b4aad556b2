"""Training of torch models: examples, splits by group, augmentation, and the best checkpoint.

A model that can be trained has a ``trainable`` in its `awb.specs.ModelSpec`, which gives a
`Recipe`; a dataset gives its clips and their classes. Torch is imported where it is used.
"""

from awb.training.recipe import Network, Recipe, Task

__all__ = ["Network", "Recipe", "Task"]
