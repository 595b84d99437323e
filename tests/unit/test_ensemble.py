"""A ensemble: the mean of what its members see, each at its own size."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import open_recogniser
from houndstooth.models.recognition.ensemble import Ensemble
from houndstooth.models.recognition.feature_maps import FeatureMaps
from houndstooth.models.recognition.prediction import Choice, Prediction, Reading, restrict
from houndstooth.models.recognition.recogniser import encode_and_predict
from houndstooth.models.recognition.term_reader import TermReader
from houndstooth.models.runtime.card import WEIGHTS, Card
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.ensemble_card import EnsembleCard

TAXONOMY = Taxonomy.load()
WHOLE = np.array([0, 0, 1, 1], np.float32)
CROPS = [Crop(np.full((24, 24, 3), shade, np.uint8), WHOLE, WHOLE) for shade in (0, 200)]


class Member:
    """Sees the same in every image, and keeps the sizes that it was shown."""

    def __init__(
        self,
        name: str,
        side: int,
        categories: Mapping[str, float],
        groups: Mapping[str, Mapping[str, float]],
    ) -> None:
        self.card = Card(name, "heads", side, {}, {}, (name,), np.zeros(1, np.float32))
        self.categories, self.groups = categories, groups
        self.shown: list[tuple[int, ...]] = []

    def encode(self, crops: Sequence[Crop]) -> FeatureMaps:
        self.shown += [crop.pixels.shape for crop in crops]
        maps = np.full((len(crops), 1, 2, 3, 3), self.card.side, np.float32)
        return ((maps, maps[:, :, :1]),)

    def read(self, maps: FeatureMaps, crops: Sequence[Crop], choices: Sequence[Choice]) -> Reading:
        [(middle, _)] = maps
        assert (middle == self.card.side).all(), "what another member saw"
        features = np.full((len(crops), 3), self.card.side, np.float32)
        return Reading.of(features, [self._recognised(choice) for choice in choices])

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        return [{"colour": max(self.groups["colour"].values())} for _ in crops]

    def _recognised(self, choice: Choice) -> Prediction:
        guesses = restrict(self.categories, choice)
        given = choice is not None and len(choice) == 1
        category = next(iter(choice or ())) if given else max(guesses, key=guesses.__getitem__)
        return Prediction(guesses, category, given, self.groups)


def ensemble() -> Ensemble:
    colours = {"colour:blue": 0.6, "colour:navy-blue": 0.4}
    others = {"colour:blue": 0.1, "colour:navy-blue": 0.9}
    fit = {"fit:slim": 0.8, "fit:loose": 0.2}
    members = [
        Member("first", 24, {"shirt": 0.6, "t-shirt": 0.4}, {"colour": colours, "fit": fit}),
        Member("second", 16, {"shirt": 0.3, "t-shirt": 0.7}, {"colour": others}),
        Member("third", 24, {"top": 0.2, "t-shirt": 0.8}, {"colour": others}),
    ]
    return Ensemble(EnsembleCard("both-1"), members, TAXONOMY)


def test_the_mean_decides() -> None:
    _, seen = encode_and_predict(ensemble(), CROPS, [None, None])
    assert seen[0].category == "t-shirt" and not seen[0].given
    assert seen[0].categories["t-shirt"] == pytest.approx(1.9 / 3)
    assert seen[0].categories["top"] == pytest.approx(0.2 / 3)
    assert seen[0].groups["colour"]["colour:navy-blue"] == pytest.approx(2.2 / 3)
    assert sum(seen[0].groups["colour"].values()) == pytest.approx(1)


def test_a_group_that_one_of_three_tells_is_absent() -> None:
    _, seen = encode_and_predict(ensemble(), CROPS, [None, None])
    assert "fit" not in seen[0].groups


def test_a_choice_is_kept() -> None:
    _, seen = encode_and_predict(ensemble(), CROPS, [{"shirt"}, {"shirt", "top"}])
    assert seen[0].given and seen[0].category == "shirt"
    assert seen[1].category == "shirt" and set(seen[1].categories) == {"shirt", "top"}


def test_each_member_sees_its_own_size_and_the_first_gives_the_features() -> None:
    both = ensemble()
    features, _ = encode_and_predict(both, CROPS, [None, None])
    first, second, _ = both.members
    assert isinstance(first, Member) and isinstance(second, Member)
    assert first.shown == [(24, 24, 3)] * 2 and second.shown == [(16, 16, 3)] * 2
    assert (features == 24).all()
    assert both.card.model == "both-1" and both.card.side == 24
    assert both.card.trained_on == ("first", "second", "third")


def test_a_member_may_be_a_committee() -> None:
    inner = ensemble()
    outer = Ensemble(EnsembleCard("outer-1"), [inner, inner.members[1], inner], TAXONOMY)
    _, [seen, _] = encode_and_predict(outer, CROPS, [None, None])
    assert seen.categories["t-shirt"] == pytest.approx((1.9 / 3 + 0.7 + 1.9 / 3) / 3)


class Reader:
    """Reads the same terms of every crop."""

    members, thresholds = ("first", "second", "third"), {}

    def read(self, maps: FeatureMaps, crops: Sequence[Crop]) -> list[dict[str, dict[str, float]]]:
        assert len(maps) == 3, "the maps of all members"
        return [{"fit": {"fit:slim": 0.7, "fit:loose": 0.6}, "heel": {"heel:high": 1.0}}] * 2


def test_the_reader_goes_before_the_decoders_in_its_groups() -> None:
    plain = ensemble()
    both = Ensemble(EnsembleCard("both-1"), plain.members, TAXONOMY, cast(TermReader, Reader()))
    _, [seen, _] = encode_and_predict(both, CROPS, [None, None])
    assert seen.groups["fit"] == {"fit:slim": 0.7, "fit:loose": 0.6}, "an item may be two things"
    assert "heel" not in seen.groups, "a t-shirt has none"
    assert seen.groups["colour"]["colour:navy-blue"] == pytest.approx(2.2 / 3)


def test_rare_categories_are_favoured_by_their_weights() -> None:
    card = EnsembleCard("both-1", category_weights={"top": 50.0})
    both = Ensemble(card, ensemble().members, TAXONOMY)
    _, [free, given] = encode_and_predict(both, CROPS, [None, {"shirt"}])
    assert free.category == "top" and sum(free.categories.values()) == pytest.approx(1)
    assert given.category == "shirt", "a chosen category is not weighed"


def test_likelihoods_are_means() -> None:
    [found, _] = ensemble().likelihoods(CROPS, [{}, {}])
    assert found["colour"] == pytest.approx((0.6 + 0.9 + 0.9) / 3)


def test_a_card_names_its_members(tmp_path: Path) -> None:
    names = ["attribute-distilled-1", "attribute-distilled-1"]
    for file in WEIGHTS.glob("attribute-distilled-1.*"):
        (tmp_path / file.name).symlink_to(file)
    card = {"name": "twice", "version": 3, "kind": "ensemble", "members": names}
    (tmp_path / "twice-3.json").write_text(json.dumps(card), encoding="utf-8")
    opened = open_recogniser(tmp_path / "twice-3", TAXONOMY, 1)
    assert isinstance(opened, Ensemble) and opened.card.model == "twice-3"
    crop = Crop(np.full((240, 240, 3), 90, np.uint8), WHOLE, WHOLE)
    alone = opened.members[0]
    fitted = Crop(np.full((192, 192, 3), 90, np.uint8), WHOLE, WHOLE)
    [together] = encode_and_predict(opened, [crop], [None])[1]
    [one] = encode_and_predict(alone, [fitted], [None])[1]
    assert together.category == one.category
    assert together.categories == pytest.approx(one.categories)


def test_categories_are_weighed_unless_nobody_wants_it(tmp_path: Path) -> None:
    for file in WEIGHTS.glob("attribute-distilled-1.*"):
        (tmp_path / file.name).symlink_to(file)
    members = {"kind": "ensemble", "members": ["attribute-distilled-1"]}
    card = {"name": "rare", "version": 1, **members, "category_weights": {"watch": 9.0}}
    (tmp_path / "rare-1.json").write_text(json.dumps(card), encoding="utf-8")
    weights = {}
    for weighed in (True, False):
        opened = open_recogniser(tmp_path / "rare-1", TAXONOMY, 1, weighed=weighed)
        assert isinstance(opened, Ensemble)
        weights[weighed] = opened.category_weights
    assert weights == {True: {"watch": 9.0}, False: {}}


def test_a_member_that_is_not_there_is_named(tmp_path: Path) -> None:
    card = {"name": "lonely", "version": 1, "kind": "ensemble", "members": ["nobody-1"]}
    (tmp_path / "lonely-1.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(InvalidConfig, match="nobody-1"):
        open_recogniser(tmp_path / "lonely-1", TAXONOMY)


@pytest.mark.parametrize("text", ["[]", "{", ""])
def test_what_is_no_card_is_said_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd-1.json").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidConfig, match=r"odd-1\.json"):
        open_recogniser(tmp_path / "odd-1", TAXONOMY)


def test_a_choice_of_known_categories_is_certain_among_them() -> None:
    seen = {"shirt": 0.3, "top": 0.1, "socks": 0.6}
    assert restrict(seen, None) == restrict(seen, {"shirt"}) == seen
    assert restrict(seen, {"shirt", "top"}) == pytest.approx({"shirt": 0.75, "top": 0.25})


def test_a_choice_with_categories_that_the_network_lacks_is_less_sure() -> None:
    seen = {"shirt": 0.04, "socks": 0.06, "sandals": 0.9}
    assert restrict(seen, {"bra", "garter"}) == {"bra": 0.5, "garter": 0.5}
    assert restrict(seen, {"bra", "garter", "underpants", "socks"})["socks"] < 0.1
    assert restrict(seen, {"clogs", "sandals"})["sandals"] > 0.9
    assert restrict(seen, {"clogs", "sandals"})["clogs"] == 0
