"""The sequence recogniser's labels, loss and gradients; random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from houndstooth.models.networks.attribute_decoder import (
    AttributeSequence,
)
from houndstooth.models.networks.encoders import EfficientNetLite0
from houndstooth.models.training.objective import Batch, mix
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.sequence_objective import SequenceObjective
from houndstooth.models.training.vocabulary import ABSENT, UNKNOWN, Vocabulary
from tests.unit.sequence_networks import GRAMMAR, HEADS, LEAVES, SIDE, SIZE, TAXONOMY

NOTHING_SEEN = torch.zeros(3, GRAMMAR.end)
# Nobody's category is given.
ASKED = torch.zeros(3, dtype=torch.bool)


def several(labels: torch.Tensor, also: dict[str, int] | None = None) -> torch.Tensor:
    """Mark the labels' terms, and further ones of the first sample."""
    hot = torch.zeros(len(labels), GRAMMAR.end)
    for column, where in enumerate(GRAMMAR.slices.values()):
        known = torch.nonzero(labels[:, column] >= 0)[:, 0]
        hot[known, where.start + labels[known, column]] = 1.0
    for head, place in (also or {}).items():
        hot[0, GRAMMAR.slices[head].start + place] = 1.0
    return hot


def labels() -> tuple[Vocabulary, torch.Tensor]:
    """A t-shirt of known colour, one known to have no pattern, and a watch of nothing known."""
    vocabulary = Vocabulary(HEADS)

    def sample(category: str, terms: dict[str, str], known: set[str]) -> Sample:
        of_groups = {group: (term,) for group, term in terms.items()}
        return Sample(Path("x"), category, of_groups, frozenset(known), "g", "train")

    samples = [
        sample("t-shirt", {"colour": "colour:red"}, {"colour"}),
        sample("t-shirt", {"colour": "colour:red"}, {"colour", "pattern"}),
        sample("watch", {}, set()),
    ]
    table = vocabulary.labels(samples, TAXONOMY)
    columns = {name: i for i, name in enumerate(HEADS)}
    assert table[0, columns["pattern"]] == UNKNOWN and table[1, columns["pattern"]] == ABSENT
    return vocabulary, torch.from_numpy(table)


def unseen(
    labels: torch.Tensor,
    soft: torch.Tensor = NOTHING_SEEN,
    guided: torch.Tensor = ASKED,
    also: dict[str, int] | None = None,
) -> Batch:
    """What is known of images that the network does not look at."""
    return Batch(*torch.zeros(2, 1), labels, several(labels, also), soft, guided)


class Scored:
    """A network whose scores are given."""

    def __init__(self, scores: torch.Tensor) -> None:
        self.scores = scores

    def encode(self, images: object, boxes: object) -> tuple[None, None]:
        return None, None

    def decoder(self, pooled: object, said: torch.Tensor) -> torch.Tensor:
        return self.scores[:, : said.shape[1] + 1]


def test_own_answers_stand_in_for_attributes_alone() -> None:
    vocabulary, table = labels()
    recipe = Recipe(name="t", version=1, scheduled_sampling=1.0)
    objective = SequenceObjective(vocabulary, TAXONOMY, recipe)
    said = objective.sequences(table)[:, :4]
    scores = torch.zeros(3, 5, GRAMMAR.tokens)
    scores[:, :, GRAMMAR.slices["colour"].start + 1] = 50.0
    heard = objective._sample_tokens(said, scores)
    assert torch.equal(heard[:, :2], said[:, :2]) and torch.equal(heard[:, 3:], said[:, 3:])
    assert (heard[:2, 2] == GRAMMAR.slices["colour"].start + 1).all()
    assert torch.equal(heard[2], said[2])


def test_an_unknown_group_gives_no_gradient_and_an_absent_one_does() -> None:
    vocabulary, table = labels()
    objective = SequenceObjective(vocabulary, TAXONOMY, Recipe(name="t", version=1))
    scores = torch.zeros(3, len(HEADS) + 1, GRAMMAR.tokens, requires_grad=True)

    objective.loss(Scored(scores), unseen(table)).backward()
    touched = (scores.grad.abs().sum(1) > 0).numpy()
    pattern, colour = GRAMMAR.slices["pattern"], GRAMMAR.slices["colour"]
    assert not touched[0, pattern].any() and touched[1, pattern].all()
    assert touched[0, colour].all() and not touched[2, colour].any()
    shoes = [GRAMMAR.leaves.start + LEAVES.index("heels")]
    assert not touched[:, shoes].any(), "a leaf of another great category is no rival"


def test_a_category_that_is_given_gives_no_gradient() -> None:
    vocabulary, table = labels()
    objective = SequenceObjective(vocabulary, TAXONOMY, Recipe(name="t", version=1))
    scores = torch.zeros(3, len(HEADS) + 1, GRAMMAR.tokens, requires_grad=True)
    guided = torch.tensor([True, False, True])
    objective.loss(Scored(scores), unseen(table, guided=guided)).backward()
    assert scores.grad is not None
    asked = scores.grad.abs().sum(2) > 0
    assert not asked[guided, :2].any() and asked[~guided, :2].all()
    assert asked[:2, 2].all(), "what follows is learned all the same"


def test_the_loss_prefers_the_right_sequence() -> None:
    vocabulary, table = labels()
    objective = SequenceObjective(vocabulary, TAXONOMY, Recipe(name="t", version=1))
    sequences = objective.sequences(table)
    assert [GRAMMAR.terms[t] for t in sequences[0, :3]] == ["top", "t-shirt", "colour:red"]
    assert (sequences[2, 2:] == GRAMMAR.end).all()

    def loss(good: float) -> float:
        scores = torch.zeros(3, len(HEADS) + 1, GRAMMAR.tokens)
        target = torch.nn.functional.pad(sequences, (0, 1), value=GRAMMAR.end)
        scores.scatter_(2, target[:, :, None], good)
        return float(objective.loss(Scored(scores), unseen(table)))

    assert loss(4.0) < loss(0.0) < loss(-4.0)


def test_what_others_saw_is_a_share_of_the_target() -> None:
    vocabulary, table = labels()
    colours = GRAMMAR.slices["colour"]
    soft = NOTHING_SEEN.clone()
    soft[0, colours.start + 3] = 1.0
    recipe = Recipe(name="t", version=1, soft_share=0.25, label_smoothing=0.0)
    objective = SequenceObjective(vocabulary, TAXONOMY, recipe)

    def gradient(seen: torch.Tensor) -> torch.Tensor:
        scores = torch.zeros(3, len(HEADS) + 1, GRAMMAR.tokens, requires_grad=True)
        objective.loss(Scored(scores), unseen(table, soft=seen)).backward()
        return scores.grad[0, 2, colours]

    hard, shared = gradient(NOTHING_SEEN), gradient(soft)
    said = int(table[0, list(HEADS).index("colour")])
    assert said != 3
    moved = (shared - hard) / (hard[said] - hard[3])
    assert moved[3] == pytest.approx(0.25) and moved[said] == pytest.approx(-0.25)
    assert moved.abs().sum() == pytest.approx(0.5), "and no other term"


def test_two_true_terms_share_the_target_and_the_first_is_fed_on() -> None:
    vocabulary, table = labels()
    colours = GRAMMAR.slices["colour"]
    recipe = Recipe(name="t", version=1, label_smoothing=0.0)
    objective = SequenceObjective(vocabulary, TAXONOMY, recipe)
    first = int(table[0, list(HEADS).index("colour")])
    second = first + 1

    def gradient(also: dict[str, int]) -> torch.Tensor:
        scores = torch.zeros(3, len(HEADS) + 1, GRAMMAR.tokens, requires_grad=True)
        objective.loss(Scored(scores), unseen(table, also=also)).backward()
        return scores.grad[0, 2, colours]

    one, both = gradient({}), gradient({"colour": second})
    assert both[first] == pytest.approx(float(both[second]))
    assert both[first] - one[first] == pytest.approx(float(one[second] - both[second]))
    others = [place for place in range(len(one)) if place not in (first, second)]
    torch.testing.assert_close(one[others], both[others])
    assert objective.sequences(table)[0, 2] == colours.start + first


def test_boots_beside_a_dress_do_not_break_its_sequence() -> None:
    vocabulary = Vocabulary(HEADS)
    terms = {"colour": ("colour:red", "colour:blue"), "heel": ("heel:high",)}
    photo = Sample(
        Path("x"), "dress", terms, frozenset(terms), "g", "train",
        categories=frozenset({"dress", "heels"}),
    )  # fmt: skip
    table = torch.from_numpy(vocabulary.labels([photo], TAXONOMY))
    hot = torch.from_numpy(vocabulary.multi_hot([photo], TAXONOMY)).float()
    columns = list(HEADS)
    assert table[0, columns.index("heel")] == UNKNOWN, "a dress has no heel"
    named = {GRAMMAR.terms[at] for at in torch.nonzero(hot[0])[:, 0].tolist()}
    assert named == {
        *("dress", "heels", "whole-body", "shoes"),
        *("colour:red", "colour:blue", "heel:high"),
    }
    objective = SequenceObjective(vocabulary, TAXONOMY, Recipe(name="t", version=1))
    scores = torch.zeros(1, len(HEADS) + 1, GRAMMAR.tokens)
    batch = Batch(*torch.zeros(2, 1), table, hot, NOTHING_SEEN[:1], ASKED[:1])
    assert 0 < float(objective.loss(Scored(scores), batch)) < 50


def test_an_image_laid_over_itself_is_learned_as_it_is() -> None:
    vocabulary, table = labels()
    network = AttributeSequence(EfficientNetLite0(pretrained=False), GRAMMAR.tokens, size=SIZE)
    plain, with_mixup = (
        SequenceObjective(vocabulary, TAXONOMY, Recipe(name="t", version=1, mixup=mixup))
        for mixup in (0.0, 0.5)
    )
    images = torch.rand(3, 3, SIDE, SIDE) * 255
    boxes = torch.tensor([[[0.0, 0.0, 0.5, 1.0]] * 2, [[0.2, 0.1, 0.9, 0.6]] * 2] * 2)[:3]
    batch = unseen(table)._replace(images=images, boxes=boxes)
    row = [0, 1, 0]  # the last is the first again
    twice = batch._replace(images=images[row], boxes=boxes[row], labels=table[row])
    twice = twice._replace(multi_hot=batch.multi_hot[row])
    with torch.no_grad():
        expected = plain.loss(network.eval(), twice)
        torch.testing.assert_close(with_mixup.loss(network, twice), expected)
        over, around = mix(images, boxes, 0.25)
    torch.testing.assert_close(over[0], images[0] * 0.25 + images[2] * 0.75)
    assert around[0, 0].tolist() == boxes[0, 0].tolist()


def test_the_gradient_reaches_the_encoder() -> None:
    vocabulary, table = labels()
    network = AttributeSequence(EfficientNetLite0(pretrained=False), GRAMMAR.tokens, size=SIZE)
    objective = SequenceObjective(vocabulary, TAXONOMY, Recipe(name="t", version=1))
    boxes = torch.tensor([[[0.0, 0.0, 1.0, 1.0]] * 2] * 3)
    images = torch.rand(3, 3, SIDE, SIDE) * 255
    objective.loss(network, unseen(table)._replace(images=images, boxes=boxes)).backward()
    gradient = network.encoder.net._conv_stem.weight.grad
    assert gradient is not None and gradient.abs().sum() > 0


def test_without_the_grammar_every_token_is_a_rival() -> None:
    vocabulary, table = labels()
    objective = SequenceObjective(vocabulary, TAXONOMY, Recipe("x", 1), free=True)
    allowed = objective.allowed(table, objective.sequences(table))
    assert allowed.shape == (3, len(HEADS) + 1, GRAMMAR.tokens) and allowed.all()
