"""A template is nearer to the mean shape than any image, favours none of them, and is sharp."""

import functools
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from LDRRegistrationLib.numerics.displacement import integrate
from LDRRegistrationLib.numerics.dlpack import toTensor
from LDRRegistrationLib.numerics.filters import gaussianMean
from LDRRegistrationLib.registration import templatemembers
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Prealignment, Settings
from LDRRegistrationLib.registration.template import buildTemplate
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.grid import linearAbout
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.resample import reduceToSpacing
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from scipy.spatial.transform import Rotation
from support.data import CURRENT_FLAIR, read_image
from support.grids import random_grid, smooth_image
from support.models import write_model

ROUNDS = 2


@functools.cache
def brain() -> Image:
    """The bundled brain, in 3 mm."""
    image = reduceToSpacing(read_image(CURRENT_FLAIR), 3.0)
    return Image(np.rint(image.array).astype(np.int16), image.ijkToRas, "brain")


def smooth(seed: int) -> np.ndarray:
    """(1, 3, k, j, i) in voxels of the brain: velocities of about 3 mm, smooth over 20 mm."""
    noise = toTensor(np.random.default_rng(seed).normal(size=(3, 1, *brain().array.shape)))
    field = gaussianMean(noise, (20.0 / 3.0,) * 3).movedim(1, 0)
    return field * float(1.3 / field.square().sum(1).sqrt().mean())


@functools.cache
def people():
    """Four images of one brain with other shapes; and T, from the brain's points to those of each image.

    The last three are all bent by much the same, so that no image has the mean shape.
    """
    grid, made = brain().grid, []
    common = smooth(100)
    for number in range(4):
        velocity = smooth(number) + (0.8 * common if number else 0.0)
        there, back = (DisplacementField.fromFlow(integrate(sign * velocity), grid) for sign in (1, -1))
        turn = np.random.default_rng(number).uniform(-6, 6, 3)
        linear = Rotation.from_euler("xyz", turn, degrees=True).as_matrix() * (0.95 + 0.03 * number)
        affine = linearAbout(linear, grid.centerRas, grid.centerRas + turn)
        # Where T = A W, the image shows at y what the brain shows at W^-1(A^-1 y).
        bent = Image(Transform(np.eye(4), back).warp(brain(), grid), grid.ijkToRas)
        array = Transform(np.linalg.inv(affine)).warp(bent, grid)
        made.append((Image(array, grid.ijkToRas, f"person {number}"), Transform(affine, there)))
    images, transforms = zip(*made, strict=True)
    return list(images), list(transforms)


@functools.cache
def template(deforms=True):
    return buildTemplate(people()[0], Settings(), ModelStore(), rounds=ROUNDS, deforms=deforms)


@functools.cache
def anatomy() -> np.ndarray:
    """Points in the brain, RAS mm."""
    return brain().grid.pointsRas()[brain().array > 200][::40]


def of_shape(transforms) -> list[np.ndarray]:
    """Where each shape has the points of the anatomy, apart from position, turn and size: so all are compared alike."""
    shapes = [transform.points(anatomy()) for transform in transforms]
    return [shape_of(shape) for shape in shapes]


def shape_of(points: np.ndarray) -> np.ndarray:
    """``points`` as the affine transform shows them that fits them best to the anatomy."""
    homogeneous = np.c_[points, np.ones(len(points))]
    fit, *_ = np.linalg.lstsq(homogeneous, anatomy(), rcond=None)
    return homogeneous @ fit


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other, axis=-1).mean())


def test_its_shape_is_nearer_to_the_mean_than_any_image_s():
    transforms = people()[1]
    shapes = of_shape(transforms)
    mean = np.mean(shapes, axis=0)
    found = [
        member.transform.inversePoints(transform.points(anatomy()))
        for member, transform in zip(template().members, transforms, strict=True)
    ]
    where = np.nanmean(found, axis=0)
    errors = [apart(shape, mean) for shape in shapes]
    assert min(errors) > 1.5
    assert apart(shape_of(where), mean) < 0.5 * min(errors)
    # All say the same of where the template has a point.
    assert np.mean([apart(one, where) for one in found]) < 1.0


def test_the_mean_of_all_displacements_is_zero():
    made = template()
    assert len(made.rounds) == ROUNDS and made.rounds[-1].movedMm < 0.2 * made.rounds[0].movedMm
    points = made.image.grid.pointsRas()[made.image.array > 300][::20]
    each = [member.transform.points(points) - points for member in made.members]
    assert np.mean([np.linalg.norm(one, axis=-1).mean() for one in each]) > 3.0
    # Linear parts have another mean, that of rotations and scales: all but so.
    assert np.linalg.norm(np.mean(each, axis=0), axis=-1).mean() < 0.4
    assert made.rounds[-1].residualMm == pytest.approx(np.linalg.norm(np.mean(each, axis=0), axis=-1).mean(), abs=0.1)
    assert made.verdict.grade == "good"


def test_it_is_sharper_than_the_linear_average_and_like_the_images():
    def sharpness(image: Image) -> float:
        inside = image.array > 150
        return float(np.linalg.norm(np.gradient(image.array), axis=0)[inside].mean() / image.array[inside].mean())

    assert sharpness(template().image) > 1.05 * sharpness(template(deforms=False).image)
    np.testing.assert_allclose(template().image.grid.spacing, people()[0][0].grid.spacing.min(), rtol=1e-5)
    for member, image in zip(template().members, people()[0], strict=True):
        warped = member.transform.warp(image, template().image.grid).astype(float)
        isBody = template().image.array > 150
        assert np.corrcoef(warped[isBody], template().image.array[isBody])[0, 1] > 0.9


def test_the_order_of_the_images_does_not_matter(tmp_path):
    images = [reduceToSpacing(image, 8.0) for image in people()[0][:3]]
    models = ModelStore(write_model(tmp_path, (0.0, 0.0, 0.0)))
    one = buildTemplate(images, Settings(), models, rounds=2)
    other = buildTemplate(images[::-1], Settings(), models, rounds=2)
    np.testing.assert_array_equal(one.image.array, other.image.array)
    for member, same in zip(one.members, other.members[::-1], strict=True):
        assert member.name == same.name
        np.testing.assert_array_equal(member.transform.affine, same.transform.affine)


def two_visits(seed=3):
    """An image and the same, turned and shifted as a whole; and the 4x4 between them."""
    rng = np.random.default_rng(seed)
    grid = random_grid(rng, (40, 44, 36))
    first = smooth_image(rng, grid)
    motion = linearAbout(
        Rotation.from_euler("xyz", (6, -4, 8), degrees=True).as_matrix(),
        grid.centerRas,
        np.add(grid.centerRas, (3, -5, 2)),
    )
    # What was at x is at motion(x).
    second = Image(Transform(np.linalg.inv(motion)).warp(first, grid), grid.ijkToRas, "second")
    return Image(first.array, grid.ijkToRas, "first"), second, motion


def test_the_midpoint_of_two_visits_is_half_way_from_each(tmp_path):
    first, second, motion = two_visits()
    models = ModelStore(write_model(tmp_path, (0.0, 0.0, 0.0)))
    settings = Settings(prealignment=Prealignment.RIGID)
    made = buildTemplate([first, second], settings, models, deforms=False, rounds=2)
    toFirst, toSecond = (member.transform.affine for member in made.members)
    points = first.grid.pointsRas().reshape(-1, 3)[::200]
    found = Transform(toSecond @ np.linalg.inv(toFirst)).points(points)
    assert apart(found, Transform(motion).points(points)) < 0.3
    np.testing.assert_allclose(toFirst @ toSecond, np.eye(4), atol=0.05)
    assert made.image.array.shape and np.allclose(np.linalg.det(toFirst[:3, :3]), 1.0)
    swapped = buildTemplate([second, first], settings, models, deforms=False, rounds=2)
    np.testing.assert_array_equal(swapped.image.array, made.image.array)


def test_what_cannot_be_registered_is_left_out_and_named(tmp_path):
    first, second, _motion = two_visits()
    models = ModelStore(write_model(tmp_path, (0.0, 0.0, 0.0)))
    settings = Settings(prealignment=Prealignment.RIGID)
    stranger = Image(smooth_image(np.random.default_rng(77), first.grid).array, first.ijkToRas, "stranger")
    made = buildTemplate([first, stranger, second], settings, models, rounds=2, deforms=False)
    assert [member.counts for member in made.members] == [True, False, True]
    assert made.verdict.grade == "check" and "Left out" in made.verdict.sentence and "stranger" in made.verdict.sentence
    without = buildTemplate([first, second], settings, models, rounds=2, deforms=False)
    assert np.mean(np.abs(made.image.array - without.image.array) > 50) < 0.01
    with pytest.raises(RegistrationError, match="only 1 could be registered"):
        buildTemplate([first, stranger], settings, models, rounds=1)


def test_a_later_round_in_which_nothing_can_be_registered_says_so(tmp_path, monkeypatch):
    """There no image counts by itself, as the one does that the first round begins with."""
    first, second, _motion = two_visits()
    models = ModelStore(write_model(tmp_path, (0.0, 0.0, 0.0)))
    settings = Settings(prealignment=Prealignment.RIGID)
    begun = buildTemplate([first, second], settings, models, rounds=1, deforms=False)

    def failing(*given):
        return replace(register(*given), verdict=Verdict("failed", "It lies nowhere."))

    monkeypatch.setattr(templatemembers, "register", failing)
    with pytest.raises(RegistrationError, match="only 0 could be registered"):
        buildTemplate([first, second], settings, models, rounds=2, deforms=False, begun=begun)


def test_a_stopped_one_goes_on_where_it_was(tmp_path):
    first, second, _motion = two_visits()
    models = ModelStore(write_model(tmp_path, (0.0, 0.0, 0.0)))
    kept = []
    whole = buildTemplate([first, second], Settings(), models, rounds=2, keep=kept.append)
    assert [len(one.rounds) for one in kept] == [1, 2]
    again = buildTemplate([first, second], Settings(), models, rounds=2, begun=kept[0])
    np.testing.assert_array_equal(again.image.array, whole.image.array)


def test_what_is_no_set_of_images():
    first, second, _motion = two_visits()
    ct = np.where(second.array > 400, 40, -1000).astype(np.int16)
    with pytest.raises(RegistrationError, match="at least two"):
        buildTemplate([first], Settings(), ModelStore())
    with pytest.raises(RegistrationError, match="CT and MR"):
        buildTemplate([first, Image(ct, second.ijkToRas)], Settings(), ModelStore())


def test_jobs_register_at_the_same_time_and_one_error_ends_all(monkeypatch):
    """Registrations that wait for one another end only where there are as many at a time."""
    meeting, images = threading.Barrier(3), [replace(brain(), name=str(number)) for number in range(4)]

    def register(fixed, image, settings, models, start, tell, cancelled):
        meeting.wait(timeout=20.0)
        return SimpleNamespace(transform=Transform(np.eye(4)), verdict=Verdict("good", ""))

    monkeypatch.setattr(templatemembers, "register", register)
    made = buildTemplate(images, Settings(), ModelStore(), rounds=1, jobs=3)
    assert [member.name for member in made.members] == ["0", "1", "2", "3"]

    def refuse(fixed, image, settings, models, start, tell, cancelled):
        if image.name == "2":
            raise RegistrationError("the third")
        for _ in range(400):
            if cancelled():
                raise RegistrationCancelled
            time.sleep(0.05)
        raise AssertionError("nobody stopped it")

    monkeypatch.setattr(templatemembers, "register", refuse)
    begun = time.monotonic()
    with pytest.raises(RegistrationError, match="the third"):
        buildTemplate(images, Settings(), ModelStore(), rounds=1, jobs=4)
    assert time.monotonic() - begun < 15.0


@pytest.mark.parametrize("jobs", [1, 3])
def test_progress_never_goes_back_however_often_the_first_round_begins(monkeypatch, jobs):
    """The first image that the others are registered to fails them all; and three at a time are not equally far."""
    small = two_visits()[0]
    images, said, tried = [replace(small, name=str(number)) for number in range(4)], [], []

    def register(fixed, image, settings, models, start, tell, cancelled):
        tried.append(fixed.name)
        for fraction in (0.0, 0.5, 1.0):
            time.sleep(0.002 * int(image.name))
            tell(fraction, "stage")
        grade = "failed" if fixed.name == tried[0] else "good"
        return SimpleNamespace(transform=Transform(np.eye(4)), verdict=Verdict(grade, ""))

    monkeypatch.setattr(templatemembers, "register", register)
    models = SimpleNamespace(load=lambda name: None)
    made = buildTemplate(
        images, Settings(), models, rounds=2, jobs=jobs, progress=lambda share, stage: said.append((share, stage))
    )
    assert len(set(tried)) == 3 and made.verdict.grade == "good"  # two images, and then the template
    shares = [share for share, _stage in said]
    # The image that is not registered may be done before another says that it begins.
    assert shares == sorted(shares) and shares[0] < 0.1 and shares[-1] == 1
    assert 0.5 < min(share for share, stage in said if stage.startswith("Round 2")) < 0.6
