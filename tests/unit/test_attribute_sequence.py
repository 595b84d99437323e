"""The sequence recogniser: grammar, loss, decoding, guidance, export; random weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import RecognisedTerm
from houndstooth.mappings.taxonomy import SHIPPED, Taxonomy
from houndstooth.models.networks.attribute_decoder import (
    AttributeDecoder,
    AttributeSequence,
    StartGraph,
    StepGraph,
)
from houndstooth.models.networks.encoders import EfficientNetLite0
from houndstooth.models.networks.item_reader import EncoderGraph
from houndstooth.models.recognition import decoding
from houndstooth.models.recognition.decoding import Start
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY, Grammar
from houndstooth.models.recognition.prediction import Choice, Prediction, set_confidence
from houndstooth.models.recognition.recogniser import encode_and_predict
from houndstooth.models.recognition.sequence_recogniser import SequenceRecogniser, decode
from houndstooth.models.runtime.card import DECODER, ENCODER, READER, Card, Files
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.export import export_recogniser, exported_weights
from houndstooth.models.training.objective import Batch, mix
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.sequence_objective import SequenceObjective
from houndstooth.models.training.vocabulary import ABSENT, UNKNOWN, Vocabulary

TAXONOMY = Taxonomy.load()
LEAVES = ("t-shirt", "shirt", "jeans", "skirt", "dress", "heels", "watch")
SIDE, SIZE = 64, 24


def heads() -> dict[str, tuple[str, ...]]:
    groups = {name: group.terms() for name, group in TAXONOMY.groups.items()}
    return {GREAT_CATEGORY: TAXONOMY.great_categories, CATEGORY: LEAVES, **groups}


HEADS = heads()
GRAMMAR = Grammar(HEADS, TAXONOMY)
TEMPERATURES = dict.fromkeys(HEADS, 1.0)
NOTHING_SEEN = torch.zeros(3, GRAMMAR.end)
# Nobody's category is given.
ASKED = torch.zeros(3, dtype=torch.bool)


def random_decoder(seed: int = 0) -> AttributeDecoder:
    torch.manual_seed(seed)
    decoder = AttributeDecoder(10, GRAMMAR.tokens, SIZE).eval()
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return decoder


def asked(decoder: AttributeDecoder, n: int) -> tuple[decoding.Step, Start]:
    """The decoder as decoding asks it, and the start of n random images."""
    graph = StepGraph(decoder)

    def step(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        with torch.no_grad():
            return tuple(part.numpy() for part in graph(*map(torch.from_numpy, inputs)))

    with torch.no_grad():
        scores, (hidden, cell) = decoder.start(torch.randn(n, 10))
        first = decoder.score(scores, hidden)
    return step, Start(first.numpy(), scores.numpy(), hidden.numpy(), cell.numpy())


def run(seed: int, choices: list[set[str] | None], **options: object) -> list[Prediction]:
    step, start = asked(random_decoder(seed), len(choices))
    return decode(step, start, choices, GRAMMAR, TAXONOMY, TEMPERATURES, **options)


@pytest.mark.parametrize("options", [{}, {"width": 4}, {"generator": np.random.default_rng(1)}])
def test_only_what_the_taxonomy_allows_comes_out(options: dict[str, object]) -> None:
    for seen in run(3, [None] * 40, **options):
        groups = list(seen.groups)
        allowed = TAXONOMY.groups_of(seen.category)
        assert groups == [group for group in allowed if group in groups]
        assert all(abs(sum(likely.values()) - 1) < 1e-4 for likely in seen.groups.values())
        assert abs(sum(seen.categories.values()) - 1) < 1e-4


def test_a_group_of_other_values_than_the_network_knows_is_passed_over() -> None:
    """Though it is one that every product has: a shop's taxonomy has renamed its values."""
    gender = TAXONOMY.groups["gender"]
    renamed = replace(gender, values={f"adult-{name}": one for name, one in gender.values.items()})
    taxonomy = replace(TAXONOMY, groups={**TAXONOMY.groups, "gender": renamed})
    grammar = Grammar(HEADS, taxonomy, always_predicted=("colour", "gender"))
    step, start = asked(random_decoder(3), 20)
    for seen in decode(step, start, [None] * 20, grammar, taxonomy, TEMPERATURES):
        assert "gender" not in seen.groups
        assert "colour" in seen.groups
    assert grammar.attributes(np.array([1]), grammar.groups_of[:1]).any()


def test_what_the_detector_says_is_as_likely_as_it_is_sure() -> None:
    found = [RecognisedTerm(n, p) for n, p in (("skirt", 1.0), ("dress", 0.6), ("shorts", 0.2))]
    first, *others = set_confidence(found, 0.84)
    assert (first.term, first.confidence) == ("skirt", 0.84)
    assert [other.confidence for other in others] == [0.12, 0.04]
    assert set_confidence(found[:1], 0.9) == (RecognisedTerm("skirt", 0.9),)


def test_a_given_category_is_fed_in_and_certain() -> None:
    for category in LEAVES:
        for seen in run(4, [{category}] * 8):
            assert seen.category == category and seen.given
            assert seen.ranked_categories()[0].confidence == 1.0
            assert set(seen.groups) <= set(TAXONOMY.groups_of(category))


def test_guidance_conditions_all_that_follows() -> None:
    """The same image, guided to two categories, has other probabilities for the same question."""
    a, b = (
        [r.groups["colour"] for r in run(5, [{c}] * 10) if "colour" in r.groups] for c in LEAVES[:2]
    )
    assert a and b and a[0] != b[0]


def test_a_category_that_the_network_does_not_know_still_gets_attributes() -> None:
    seen = run(6, [{"sweatshirt"}] * 20)
    assert all(one.category == "sweatshirt" for one in seen)
    assert {group for one in seen for group in one.groups} <= set(TAXONOMY.groups_of("sweatshirt"))
    assert any(one.groups for one in seen)


def test_among_a_choice_the_image_decides() -> None:
    choice = {"jeans", "skirt"}
    free, restrict = run(7, [None] * 20), run(7, [choice] * 20)
    for before, after in zip(free, restrict, strict=True):
        assert set(after.categories) == choice and not after.given
        total = sum(before.categories[c] for c in choice)
        assert after.categories["jeans"] == pytest.approx(
            before.categories["jeans"] / total, abs=1e-5
        )
        assert after.category == max(choice, key=before.categories.__getitem__)


def renamed(great: str, name: str) -> Taxonomy:
    """The shipped taxonomy with a great category of another name."""
    text = SHIPPED.read_text(encoding="utf-8").replace(f'"{great}"', f'"{name}"')
    return Taxonomy.from_json(json.loads(text))


def test_leaves_in_a_great_category_of_the_shops_own_can_be_given() -> None:
    taxonomy = renamed("shoes", "things-for-feet")
    grammar = Grammar(HEADS, taxonomy)
    assert grammar.great_of[LEAVES.index("heels")] == -1
    step, start = asked(random_decoder(5), 3)
    choices: list[Choice] = [None, {"heels"}, {"heels", "watch"}]
    free, given, among = decode(step, start, choices, grammar, taxonomy, TEMPERATURES)
    assert "heels" not in free.categories
    assert given.category == "heels"
    assert among.category == "watch"


def test_a_taxonomy_without_any_great_category_of_the_network_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="shoes"):
        Grammar({**HEADS, CATEGORY: ("heels",)}, renamed("shoes", "things-for-feet"))


def test_a_group_that_is_always_told_is_not_passed_over() -> None:
    always = ("colour", "season")
    step, start = asked(random_decoder(3), 12)
    grammar = Grammar(HEADS, TAXONOMY, always)
    found = decode(step, start, [None] * 12, grammar, TAXONOMY, TEMPERATURES)
    passing = decode(step, start, [None] * 12, GRAMMAR, TAXONOMY, TEMPERATURES)
    assert all(set(always) <= set(seen.groups) for seen in found)
    assert not all(set(always) <= set(seen.groups) for seen in passing)
    names, leaf = list(HEADS), LEAVES.index("shirt")
    allowed = grammar.attributes(np.array([names.index("colour")]), grammar.groups_of[[leaf]])[0]
    heads = {names[grammar.head_of[token]] for token in np.flatnonzero(allowed)}
    assert heads == {"gender", "season"}


def naive_greedy(decoder: AttributeDecoder, pooled: torch.Tensor, leaf: int) -> list[int]:
    """Greedy decoding of one image by scoring the whole sequence anew for each token."""
    tokens = [int(GRAMMAR.great_of[leaf]), leaf + GRAMMAR.leaves.start]
    while True:
        with torch.no_grad():
            scores = decoder(pooled, torch.tensor([tokens]))[0, -1]
        last = int(GRAMMAR.head_of[tokens[-1]])
        allowed = GRAMMAR.attributes(np.array([last]), GRAMMAR.groups_of[[leaf]])[0]
        token = int(torch.where(torch.from_numpy(allowed), scores, -1e9).argmax())
        if token == GRAMMAR.end:
            return tokens[2:]
        tokens.append(token)


def test_greedy_decoding_agrees_with_the_naive_loop() -> None:
    decoder = random_decoder(8)
    step, start = asked(decoder, 12)
    torch.manual_seed(9)
    pooled = torch.randn(12, 10)
    with torch.no_grad():
        scores, (hidden, cell) = decoder.start(pooled)
        first = decoder.score(scores, hidden)
    start = Start(*(part.numpy() for part in (first, scores, hidden, cell)))
    choices = [{LEAVES[row % len(LEAVES)]} for row in range(12)]
    found = decode(step, start, choices, GRAMMAR, TAXONOMY, TEMPERATURES)
    for row, seen in enumerate(found):
        expected = naive_greedy(decoder, pooled[row : row + 1], LEAVES.index(seen.category))
        best = [max(likely, key=likely.__getitem__) for likely in seen.groups.values()]
        assert best == [GRAMMAR.terms[token] for token in expected]


def test_a_beam_finds_sequences_at_least_as_likely_as_greedy() -> None:
    step, start = asked(random_decoder(10), 30)
    greats = decoding.after_greats(step, start, GRAMMAR)
    scores = []
    for width in (1, 6):
        given = [[decoding.Hypothesis(0, 0.0)] + [decoding.Hypothesis(0, -1e9)] * (width - 1)] * 30
        numbers = [[int(GRAMMAR.great_of[0])] * width] * 30
        found = decoding.attributes(step, start, greats, GRAMMAR, given, numbers, TEMPERATURES)
        scores.append(np.array([hypothesis.total for hypothesis in found]))
    assert (scores[1] >= scores[0] - 1e-4).mean() > 0.9 and scores[1].sum() > scores[0].sum()


def labels() -> tuple[Vocabulary, torch.Tensor]:
    """A t-shirt of known colour, one known to have no pattern, and a watch of nothing known."""
    vocabulary = Vocabulary(HEADS)

    def sample(category: str, terms: dict[str, str], known: set[str]) -> Sample:
        return Sample(Path("x"), category, terms, frozenset(known), "g", "train")

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
    labels: torch.Tensor, soft: torch.Tensor = NOTHING_SEEN, guided: torch.Tensor = ASKED
) -> Batch:
    """What is known of images that the network does not look at."""
    return Batch(*torch.zeros(2, 1), labels, soft, guided)


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


def test_an_image_and_its_mirror_image_have_the_same_features() -> None:
    torch.manual_seed(2)
    network = AttributeSequence(EfficientNetLite0(pretrained=False), GRAMMAR.tokens, size=SIZE)
    images = torch.rand(3, 3, SIDE, SIDE) * 255
    boxes = torch.tensor([[0.0, 0.0, 0.5, 1.0], [0.2, 0.1, 0.9, 0.6], [0.0, 0.0, 1.0, 1.0]])
    boxes = torch.stack([boxes, boxes.flip(0)], dim=1)
    left, top, right, bottom = boxes.unbind(2)
    mirrored = torch.stack([1 - right, top, 1 - left, bottom], dim=2)
    with torch.no_grad():
        seen = network.eval().encode(images, boxes)
        assert seen.shape == (3, 2 * (112 + 1280))
        torch.testing.assert_close(seen, network.encode(images.flip(3), mirrored))
        assert not torch.allclose(seen, network.encode(images, mirrored))


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
    with torch.no_grad():
        expected = plain.loss(network.eval(), twice)
        torch.testing.assert_close(with_mixup.loss(network, twice), expected)
        over, around = mix(images, boxes, 0.25)
    torch.testing.assert_close(over[0], images[0] * 0.25 + images[2] * 0.75)
    assert around[0, 0].tolist() == boxes[0, 0].tolist()


def test_without_a_mirror_image_there_is_one_look() -> None:
    torch.manual_seed(2)
    encoder = EfficientNetLite0(pretrained=False)
    both, alone = (
        AttributeSequence(encoder, GRAMMAR.tokens, mirror, size=SIZE).eval()
        for mirror in (True, False)
    )
    pixels = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    boxes = torch.tensor([[0.0, 0.0, 0.5, 1.0], [0.2, 0.1, 0.9, 0.6]])
    with torch.no_grad():
        looks = EncoderGraph(both)(pixels), EncoderGraph(alone)(pixels)
        assert [maps.shape[1] for look in looks for maps in look] == [2, 2, 1, 1]
        features, _ = StartGraph(alone).read(*looks[1], boxes, boxes)
        left, top, right, bottom = boxes.unbind(1)
        mirrored = torch.stack([1 - right, top, 1 - left, bottom], dim=1)
        other, _ = StartGraph(alone).read(*EncoderGraph(alone)(pixels.flip(2)), mirrored, mirrored)
        mean, _ = StartGraph(both).read(*looks[0], boxes, boxes)
    torch.testing.assert_close(mean, (features + other) / 2)


def test_the_gradient_reaches_the_encoder() -> None:
    vocabulary, table = labels()
    network = AttributeSequence(EfficientNetLite0(pretrained=False), GRAMMAR.tokens, size=SIZE)
    objective = SequenceObjective(vocabulary, TAXONOMY, Recipe(name="t", version=1))
    boxes = torch.tensor([[[0.0, 0.0, 1.0, 1.0]] * 2] * 3)
    images = torch.rand(3, 3, SIDE, SIDE) * 255
    objective.loss(network, unseen(table)._replace(images=images, boxes=boxes)).backward()
    gradient = network.encoder.net._conv_stem.weight.grad
    assert gradient is not None and gradient.abs().sum() > 0


def test_teacher_forcing_and_stepping_are_the_same_network() -> None:
    decoder = random_decoder(11)
    pooled, tokens = torch.randn(4, 10), torch.randint(0, GRAMMAR.tokens, (4, 5))
    with torch.no_grad():
        together = decoder(pooled, tokens)
        scores, state = decoder.start(pooled)
        single = [decoder.score(scores, state[0])]
        for k in range(5):
            state = decoder.step(tokens[:, k], state)
            single.append(decoder.score(scores, state[0]))
    assert torch.allclose(together, torch.stack(single, 1), atol=1e-4)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AttributeSequence, Path]]:
    torch.manual_seed(12)
    network = AttributeSequence(EfficientNetLite0(pretrained=False), GRAMMAR.tokens, size=SIZE)
    for parameter in network.decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():  # the exporter stores equal tensors once
            tensor += torch.rand_like(tensor) * 0.01
    stem = tmp_path_factory.mktemp("weights") / "tiny-1"
    export_recogniser(network, "sequence", SIDE, stem)
    yield network, stem


@pytest.fixture(scope="module")
def recogniser(exported: tuple[AttributeSequence, Path]) -> SequenceRecogniser:
    stem = exported[1]
    files = Files.of(stem, (ENCODER, READER, DECODER))
    thresholds = np.zeros(1, np.float32)
    card = Card("tiny-1", "sequence", SIDE, HEADS, TEMPERATURES, (), thresholds, files=files)
    return SequenceRecogniser(stem, card, TAXONOMY, 1)


def test_torch_and_onnxruntime_agree_on_every_term(
    exported: tuple[AttributeSequence, Path], recogniser: SequenceRecogniser
) -> None:
    network, _stem = exported
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (500, SIDE, SIDE, 3), dtype=np.uint8)
    box = np.array([0.1, 0.1, 0.9, 0.9], np.float32)
    crops = [Crop(p, box, box) for p in pixels]
    encoder, reader = EncoderGraph(network).eval(), StartGraph(network).eval()
    step = StepGraph(network.decoder).eval()

    def by_torch(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        with torch.no_grad():
            return tuple(part.numpy() for part in step(*map(torch.from_numpy, inputs)))

    for begin in range(0, 500, 100):
        here = slice(begin, begin + 100)
        with torch.no_grad():
            boxes = torch.from_numpy(np.stack([c.box for c in crops[here]]))
            _, *start = reader(*encoder(torch.from_numpy(pixels[here])), boxes, boxes)
        expected = decode(
            by_torch,
            Start(*(s.numpy() for s in start)),
            [None] * 100,
            GRAMMAR,
            TAXONOMY,
            TEMPERATURES,
        )
        for a, b in zip(
            encode_and_predict(recogniser, crops[here], [None] * 100)[1], expected, strict=True
        ):
            assert a.category == b.category and list(a.groups) == list(b.groups)
            for group, likely in a.groups.items():
                other = b.groups[group]
                assert max(likely, key=likely.__getitem__) == max(other, key=other.__getitem__)


def test_likelihoods_of_the_truth_are_those_of_the_decoder(recogniser: SequenceRecogniser) -> None:
    whole = np.array([0, 0, 1, 1], np.float32)
    crop = Crop(np.full((SIDE, SIDE, 3), 90, np.uint8), whole, whole)
    truth = {GREAT_CATEGORY: "top", CATEGORY: "shirt", "colour": "colour:red", "fit": "fit:slim"}
    found = recogniser.likelihoods([crop], [truth])[0]
    assert set(found) == set(truth) and all(0 <= p <= 1 for p in found.values())
    guided = encode_and_predict(recogniser, [crop], [{"shirt"}])[1][0]
    if "colour" in guided.groups:
        assert found["colour"] == pytest.approx(guided.groups["colour"]["colour:red"], abs=1e-5)


def test_another_box_of_the_same_photo_needs_no_second_look(recogniser: SequenceRecogniser) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    whole, left = np.array([[0, 0, 1, 1], [0, 0, 0.5, 1]], np.float32)
    look = recogniser.encode([Crop(pixels, whole, whole)])
    closer = [Crop(pixels, whole, left)]
    features, [told] = recogniser.predict(look, closer, [{"shirt"}])
    expected, [anew] = encode_and_predict(recogniser, closer, [{"shirt"}])
    assert np.array_equal(features, expected) and told == anew
    assert not np.allclose(
        features, recogniser.predict(look, [Crop(pixels, whole, whole)], [None])[0]
    )


def test_exported_weights_come_back_whole(exported: tuple[AttributeSequence, Path]) -> None:
    network, stem = exported
    weights, state = exported_weights(stem), network.state_dict()
    missing = set(state) - set(weights)
    assert all(name.endswith("num_batches_tracked") for name in missing)
    for name, tensor in weights.items():
        assert torch.equal(tensor.reshape(state[name].shape), state[name]), name
