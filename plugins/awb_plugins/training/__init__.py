"""Training of torch models: examples, splits by group, augmentation, and the best checkpoint.

A model that can be trained has a ``trainable`` in its `awb.specs.ModelSpec`, which returns a
`Recipe`; a dataset gives its clips and their classes.
"""

from awb.training import Trainer
from awb_plugins.training.recipe import Network, Recipe, Task

__all__ = ["Network", "Recipe", "Task", "trainer_of"]


def trainer_of(recipe: Recipe) -> Trainer:
    """Return what a ``trainable`` gives for a recipe.

    Parameters
    ----------
    recipe : Recipe
        How the model is trained.

    Returns
    -------
    awb.training.Trainer
        Checks and runs jobs of ``awb train``; torch is imported when it does.
    """
    from awb_plugins.training.procedure import RecipeTrainer

    return RecipeTrainer(recipe)
