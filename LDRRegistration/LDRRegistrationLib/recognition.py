"""Which model fits an image: by laying the image on a small picture of what a model was made for.

Only models whose card names such a picture are ever picked; the default needs none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import DependencyError
from .image import Image
from .intensity import Modality, guessModality, normalise
from .language import tr as _
from .modelcards import ModelCard
from .prealign import prealign
from .resample import reduceToSpacing, sampleOnGrid
from .student import ModelStore
from .tensors import toArray

# "auto" with the user's word that non-commercial use is what it is.
AUTO_NON_COMMERCIAL = "auto-non-commercial"
FOREGROUND = 0.1


@dataclass(frozen=True, eq=False)
class Template:
    """What a model was made for, ``looks``, and the same object as it looks to another scanner sequence, ``unlike``.

    Both (k, j, i) in [0, 1] on one grid of some millimetres, ``ijkToRas`` 4x4. An image is of the kind if its
    correlation with ``looks``, over the object, is at least ``least`` and by ``margin`` more than with ``unlike``.
    """

    looks: np.ndarray
    unlike: np.ndarray
    ijkToRas: np.ndarray
    least: float
    margin: float

    @staticmethod
    def read(path: Path) -> Template:
        """:raises DependencyError: the file is missing or not a template."""
        try:
            with np.load(path, allow_pickle=False) as file:
                looks, unlike = (np.asarray(file[name], dtype=np.float32) for name in ("looks", "unlike"))
                return Template(looks, unlike, file["ijkToRas"], float(file["least"]), float(file["margin"]))
        except (OSError, KeyError, ValueError) as error:
            raise DependencyError(
                _("The template {name} of a model cannot be read: {error!r}.").format(name=path.name, error=error)
            ) from error

    def fits(self, image: Image) -> bool:
        """Whether ``image``, of any size and placement, is of this kind; about a tenth of a second."""
        picture = Image(self.looks, self.ijkToRas, "template")
        reduced = reduceToSpacing(image, float(picture.grid.spacing.min()))
        if guessModality(reduced) is not Modality.MR:
            return False
        found = prealign(picture, reduced, "affine")
        onPicture = sampleOnGrid(normalise(reduced.array, Modality.MR), reduced.ijkToRas, picture.grid, found.matrix)
        inside = self.looks > FOREGROUND
        seen = toArray(onPicture)[inside]
        if seen.std() < 1e-6:
            return False
        like, unlike = (np.corrcoef(known[inside], seen)[0, 1] for known in (self.looks, self.unlike))
        return bool(like >= self.least and like - unlike >= self.margin)


def pickModel(name: str, models: ModelStore, fixed: Image) -> ModelCard:
    """The card of the model for this fixed image: the one named, or what "auto" comes to.

    "auto" is the default model, which is free for any use; "auto-non-commercial" is the first other model that
    recognises the image as what it was made for, or the default.

    :raises DependencyError: there is no such model, or a template cannot be read.
    """
    if name != AUTO_NON_COMMERCIAL:
        return models.card(name)
    for card in models.cards():
        if card.template is not None and Template.read(card.template).fits(fixed):
            return card
    return models.card()
