"""Shipped models as networks that can be trained: the weights of an exported file, under the names they had before."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path
from typing import Any

import torch
from LDRRegistrationLib.registration.modelcards import MODELS_FOLDER, ModelCard, readCards
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.runtime.errors import RegistrationError

from .errors import TrainingError
from .models import Architecture, RegistrationNetwork, build_model


def shipped_names() -> list[str]:
    """The models that come with the module, the default first."""
    return [card.name for card in readCards(MODELS_FOLDER)[0]]


def default_teacher() -> str:
    """The shipped default model: free for any use, and at hand without a run of its own."""
    try:
        return ModelStore().card().name
    except RegistrationError as error:
        raise TrainingError(f"There is no shipped model to learn from; give --teacher. ({error})") from error


def find_card(path: Path | str) -> ModelCard | None:
    """The card of an exported model, given by its file or, for a shipped one, by its name; None for anything else.

    A folder or file of that name comes before a shipped model.
    """
    path = Path(path)
    if path.suffix == ".pt" and path.with_suffix(".json").is_file():
        cards, problems = readCards(path.parent)
        if path.stem in problems:
            raise TrainingError(problems[path.stem])
        return next((card for card in cards if card.name == path.stem), None)
    if path.exists() or len(path.parts) != 1:
        return None
    return next((card for card in readCards(MODELS_FOLDER)[0] if card.name == path.name), None)


def load_exported(card: ModelCard) -> tuple[RegistrationNetwork, dict[str, Any]]:
    """The network of an exported model in single precision, and what a checkpoint of it would say.

    Half precision keeps eleven bits of a weight; nothing else is lost in an export, but for the optimiser.

    :raises TrainingError: if the file is missing or not the one that the card describes, or is of a network that this
        version cannot build.
    """
    try:
        data = card.path.read_bytes()
    except OSError as error:
        raise TrainingError(f"The model file {card.path} cannot be read ({error.strerror}).") from error
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise TrainingError(f"The model file {card.path.name} is not the one its card describes (wrong SHA-256).")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            weights = torch.jit.load(io.BytesIO(data), map_location="cpu").float().state_dict()
        content = card.content
        architecture = Architecture(
            content["architecture"],
            content.get("cascades", 1),
            content.get("affineStem", "none"),
            velocity=content.get("velocity", False),
        )
        network = build_model(architecture)
        # Older files hold a single network without the cascade around it.
        prefix = "" if any(name.startswith(("networks.", "stem.")) for name in weights) else "networks.0."
        network.load_state_dict({prefix + name: value.detach().clone() for name, value in weights.items()})
    except (KeyError, TypeError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise TrainingError(f"{card.path.name} is of a network that this version cannot build ({reason}).") from error
    state = {
        "architecture": architecture.to_dict(),
        "iteration": content.get("iterations", 0),
        "seed": content.get("seed"),
        "commands": list(content.get("commands", [])),
        "training_data_before": list(content.get("trainingData", [])),
        "config": {"tasks": [], "datasets": {}},
        "config_path": "",
        "sha256": card.sha256,
        "passes": list(card.passes),
        "strategy": content.get("strategy", {}).get("name", "Unsupervised"),
        "provenance": {name: value for name, value in content.get("strategy", {}).items() if name != "name"},
    }
    return network.eval(), state
