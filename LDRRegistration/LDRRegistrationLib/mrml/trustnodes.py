"""The maps of trust as volume nodes with colors: the expected error in mm, and the local similarity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import vtk

from ..registration.guided import Start
from ..registration.trustmap import TrustMap
from ..runtime.language import tr as _
from .colors import showDoubt
from .jobs import RegistrationJob, prepareJob, startOf
from .nodes import allOrNothing
from .quantities import setUnit
from .volumes import imageDataFromArray, updateVolumeNode
from .worldposition import resultAbove

EXPECTED_ERROR, LOCAL_SIMILARITY = "expected error", "local similarity"
# The full color: of an error in mm, and of a similarity; nothing is shown beyond the second ones.
SHOWN_MM = (6.0, 1.0)
SHOWN_SIMILARITY = (0.0, 0.8)


@dataclass
class TrustJob:
    """A pair as it is registered, and the registration that is doubted."""

    pair: RegistrationJob
    there: Start
    # What the nodes will hold, by EXPECTED_ERROR and LOCAL_SIMILARITY.
    maps: dict[str, vtk.vtkImageData] = field(default_factory=dict)

    def fill(self, trust: TrustMap) -> None:
        """Make what the nodes will hold; it takes seconds for a large volume, and may be done in any thread."""
        grid = self.pair.fixed.grid
        self.maps = {
            EXPECTED_ERROR: imageDataFromArray(trust.on(grid), copy=False),
            LOCAL_SIMILARITY: imageDataFromArray(trust.similarityOn(grid), copy=False),
        }


def prepareTrust(transformNode: Any, **job: Any) -> TrustJob:
    """Check the nodes and copy what is needed of the scene; the keywords are those of ``prepareJob``.

    :raises RegistrationError: it is no transform of the two volumes that could be judged.
    """
    shownBy = resultAbove(job["movingVolumeNode"], transformNode)
    pair = prepareJob(shownByNode=shownBy, createTransform=True, **job)
    return TrustJob(pair, startOf(transformNode, pair.movingToWorld, pair.fixed))


def publishMaps(job: TrustJob, trust: TrustMap) -> dict[str, Any]:
    """Two volumes on the fixed volume's grid, by EXPECTED_ERROR and LOCAL_SIMILARITY.

    :raises RegistrationError: the fixed or the moving volume left the scene meanwhile. The scene is as it was.
    """
    pair = job.pair
    if not job.maps:
        job.fill(trust)
    fixedNode, movingNode = pair.fixedVolume.node(), pair.movingVolume.node()
    maps = {
        EXPECTED_ERROR: (_("Expected error of {moving} in mm"), SHOWN_MM),
        LOCAL_SIMILARITY: (_("Local similarity of {moving}"), SHOWN_SIMILARITY),
    }
    found = {}
    with allOrNothing(pair.scene):
        for what, (name, shown) in maps.items():
            node = pair.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name.format(moving=movingNode.GetName()))
            setUnit(node, *(("mm", "millimeter") if what == EXPECTED_ERROR else ()))
            showDoubt(node, *shown)
            updateVolumeNode(node, job.maps[what], fixedNode)
            found[what] = node
    # They are the nodes' now.
    job.maps = {}
    return found
