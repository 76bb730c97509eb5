"""Networks of training/ for tests: with a flow that can be seen, and images to show them."""

import torch
from aldk.models import build_model


def name_of(architecture):
    return "-".join(str(value) for value in architecture.to_dict().values())


def images(*shape):
    return torch.rand(1, 1, *shape), torch.rand(1, 1, *shape)


def awake(architecture):
    """A network whose flow is some voxels, as after training."""
    torch.manual_seed(0)
    model = build_model(architecture).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            for part, factor in (("flow", 100), ("flows", 100), ("heads", 1000)):
                if part in name.split("."):
                    parameter.mul_(factor)
    return model
