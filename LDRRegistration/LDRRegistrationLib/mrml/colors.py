"""Colors for maps of change: blue where it became less, red where more, nothing where it stayed as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

ENTRIES = 256
TAG = "LDRRegistrationDiverging"
DOUBT_TAG = "LDRRegistrationDoubt"
# From little to much of it. White or gray would be taken for tissue.
LESS = ((0.45, 0.90, 1.00), (0.05, 0.15, 0.90))
MORE = ((1.00, 0.85, 0.30), (0.85, 0.05, 0.05))
# Up to this share of the range to either side nothing is shown. Slice views know no half transparent colors.
HIDDEN = 0.2


def divergingColors(scene: Any) -> Any:
    """The color node for maps from -most to most, made once a scene."""
    found = scene.GetSingletonNode(TAG, "vtkMRMLColorTableNode")
    if found is not None:
        return found
    node = slicer.vtkMRMLColorTableNode()
    node.SetSingletonTag(TAG)
    node.SetName("Less to more")
    node.SetTypeToUser()
    node.SetNumberOfColors(ENTRIES)
    node.SetHideFromEditors(True)
    for index, value in enumerate(np.linspace(-1.0, 1.0, ENTRIES)):
        little, much = (np.array(color) for color in (MORE if value > 0 else LESS))
        share = max(abs(value) - HIDDEN, 0.0) / (1.0 - HIDDEN)
        node.SetColor(index, f"{value:+.2f}", *(little + share * (much - little)), float(share > 0.0))
    return scene.AddNode(node)


def showDiverging(volumeNode: Any, most: float) -> None:
    """Display ``volumeNode``, a map around 0, in these colors, the same to both sides: full at ``most``."""
    volumeNode.CreateDefaultDisplayNodes()
    display = volumeNode.GetScalarVolumeDisplayNode()
    with slicer.util.NodeModify(display):
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(-most, most)
        display.SetAndObserveColorNodeID(divergingColors(volumeNode.GetScene()).GetID())


def addLegend(volumeNode: Any, title: str) -> None:
    """A legend of the colors of ``volumeNode`` in the slice views, where the Colors module of Slicer is there."""
    if volumeNode.GetScene().IsNodeClassRegistered("vtkMRMLColorLegendDisplayNode"):
        legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volumeNode)
        legend.SetTitleText(title)


def showDoubt(volumeNode: Any, worst: float, harmless: float) -> None:
    """Display ``volumeNode``: full color at ``worst``, less and less towards ``harmless``, nothing beyond that."""
    scene, rises = volumeNode.GetScene(), worst > harmless
    tag = DOUBT_TAG + ("Rises" if rises else "Falls")
    node = scene.GetSingletonNode(tag, "vtkMRMLColorTableNode")
    if node is None:
        node = slicer.vtkMRMLColorTableNode()
        node.SetSingletonTag(tag)
        node.SetName("Doubt" if rises else "Likeness")
        node.SetTypeToUser()
        node.SetNumberOfColors(ENTRIES)
        node.SetHideFromEditors(True)
        little, much = (np.array(color) for color in MORE)
        for index, value in enumerate(np.linspace(0.0, 1.0, ENTRIES)):
            # Of a window that reaches as far beyond what is harmless as HIDDEN says.
            doubt = value if rises else 1.0 - value
            share = max(doubt - HIDDEN, 0.0) / (1.0 - HIDDEN)
            node.SetColor(index, f"{value:.2f}", *(little + share * (much - little)), float(share > 0.0))
        node = scene.AddNode(node)
    # The colors that are hidden take up their share of the window.
    end = worst - (worst - harmless) / (1.0 - HIDDEN)
    volumeNode.CreateDefaultDisplayNodes()
    display = volumeNode.GetScalarVolumeDisplayNode()
    with slicer.util.NodeModify(display):
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(min(worst, end), max(worst, end))
        display.SetAndObserveColorNodeID(node.GetID())
