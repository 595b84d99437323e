"""Training of a term reader: a dense layer on what the trained encoders of an ensemble see.

The encoders stay as they are, so features are computed once. Photos whose labels of a group are
unknown add nothing to its loss. A term's threshold is found by cross-fitting: each fold of the
training photos is predicted by a layer that was trained on the others. Such a prediction is too
sure of itself, so a term's logit gets a scale and an offset that fit the cross-fitted ones (Platt
1999).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.features import group_of
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import open_recogniser
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.networks.term_head import TermHead, graph, pooled_features
from houndstooth.models.recognition.ensemble import Ensemble
from houndstooth.models.recognition.feature_maps import FeatureMaps
from houndstooth.models.runtime.card import ENCODER, write_json
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.ensemble_card import EnsembleCard
from houndstooth.models.training.crops import load_crops
from houndstooth.models.training.export import export_graph
from houndstooth.models.training.measured_terms import JudgedTerms
from houndstooth.models.training.quantise import quantise_network
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.soft_labels import fold_of, sample_key
from houndstooth.models.training.thresholds import select_thresholds
from houndstooth.models.training.trained_file import trained_file

BATCH = 32
CROSS_FITTED = ".cross-fitted.npz"
"""The suffix of a file of cross-fitted predictions, for ``houndstooth measure``."""

CHUNK = 256
"""Photos whose features are written at once, so that an interrupted run goes on after them."""

Features = NDArray[np.float32]
Marks = NDArray[np.bool_]
Shapes = list[tuple[int, ...]]


@dataclass(frozen=True)
class TermRecipe:
    """One training run of a term reader.

    Attributes:
        name, version: name and version of the trained reader.
        members: the recognisers whose encoders see for it.
        groups: the attribute groups that it reads.
        folds: of cross-fitting.
        min_count: terms that fewer training photos have are left out.
        steps: of AdamW, on all photos at once.
    """

    name: str
    version: int
    members: tuple[str, ...]
    groups: tuple[str, ...]
    seed: int = 1
    folds: int = 5
    min_count: int = 4
    steps: int = 150
    learning_rate: float = 3e-3
    weight_decay: float = 1.0


@dataclass(frozen=True)
class TermInputs:
    """The inputs of a run that trains a term reader.

    Attributes:
        samples: those of other splits than ``train`` are left out.
        out: the folder to write to.
        locator: finds the items.
        command: the command for the card, without the caller's folders.
        trained_on: SHA-256 of the label files.
    """

    recipe: TermRecipe
    samples: Sequence[Sample]
    taxonomy: Taxonomy
    out: Path
    locator: Locator
    command: str
    trained_on: Sequence[str]

    @property
    def stem(self) -> Path:
        """The path of the files to write, without their suffixes."""
        return self.out / f"{self.recipe.name}-{self.recipe.version}"


def train_terms(inputs: TermInputs) -> tuple[str, ...]:
    """Train a term reader, and write it with its card.

    Returns:
        The suffixes of the files written.

    Raises:
        InvalidConfig: a member is missing.
        InvalidFeed: no training photo has a label of the groups.
    """
    recipe = inputs.recipe
    labelled = [s for s in inputs.samples if s.split == "train" and s.known & {*recipe.groups}]
    terms = _terms(recipe, labelled, inputs.taxonomy)
    if not terms:
        raise InvalidFeed(f"expected training photos with labels of {', '.join(recipe.groups)}")
    print(f"{len(labelled)} training photos, {len(terms)} terms")
    true, known = label_matrices(labelled, terms)
    features, shapes = _features(inputs, labelled)
    folds = np.array([fold_of(sample.group, recipe.folds) for sample in labelled])
    logits = torch.zeros(true.shape)
    for fold in tqdm(range(recipe.folds), "cross-fitting", leave=False):
        others, here = folds != fold, folds == fold
        head = fit_head(recipe, features[others], true[others], known[others])
        with torch.no_grad():
            logits[torch.from_numpy(here)] = head(torch.from_numpy(features[here]))
    scale, offset = fit_scales(logits, true, known)
    predicted = (logits * scale + offset).sigmoid().double().numpy().round(4)
    JudgedTerms(terms, predicted, true, known).write(Path(f"{inputs.stem}{CROSS_FITTED}"))
    thresholds = select_thresholds(predicted, true.astype(np.uint8), known)
    head = fit_head(recipe, features, true, known)
    with torch.no_grad():
        head.dense.weight.mul_(scale[:, None])
        head.dense.bias.mul_(scale).add_(offset)
    quantise_network(head)
    export_graph(graph(head, shapes), Path(f"{inputs.stem}{ENCODER}"))
    pairs = zip(terms, thresholds.tolist(), strict=True)
    card = {
        "name": recipe.name,
        "version": recipe.version,
        "kind": "terms",
        "made": datetime.now(UTC).date().isoformat(),
        "licence": "Apache-2.0",
        "source": "a dense layer on the encoders of its members",
        "command": inputs.command,
        "trained_on": list(inputs.trained_on),
        "training_images": len(labelled),
        "recipe": asdict(recipe),
        "members": list(recipe.members),
        "terms": list(terms),
        "thresholds": {term: round(least, 4) for term, least in pairs if np.isfinite(least)},
    }
    write_json(inputs.stem, card, (ENCODER,))
    return (ENCODER, ".json", CROSS_FITTED)


def label_matrices(samples: Sequence[Sample], terms: Sequence[str]) -> tuple[Marks, Marks]:
    """Make what is true of n photos, and what is known of them: bool [n, terms] each."""
    groups = [(term, group_of(term)) for term in terms]
    true = [[term in sample.terms.get(group, ()) for term, group in groups] for sample in samples]
    known = [[group in sample.known for _, group in groups] for sample in samples]
    return np.array(true, dtype=bool), np.array(known, dtype=bool)


def fit_head(recipe: TermRecipe, features: Features, true: Marks, known: Marks) -> TermHead:
    """Fit a dense layer by sigmoid cross entropy.

    Args:
        features: float32 [n, d].
        true, known: bool [n, terms]; what is not known adds no loss.
    """
    torch.manual_seed(recipe.seed)
    head = TermHead(features.shape[1], true.shape[1])
    inputs = torch.from_numpy(features)
    head.mean, head.deviation = inputs.mean(0), inputs.std(0) + 1e-3
    standard = head.standardise(inputs)
    target, mask = (torch.from_numpy(each.astype(np.float32)) for each in (true, known))
    torch.nn.init.zeros_(head.dense.weight)
    torch.nn.init.constant_(head.dense.bias, -2.0)
    # AdamW moves every weight equally far, so the more there are, the shorter its steps.
    shorter = min(1.0, (1000 / features.shape[1]) ** 0.5)
    optimiser = torch.optim.AdamW(
        [
            {"params": [head.dense.weight], "lr": recipe.learning_rate * shorter},
            {"params": [head.dense.bias], "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
    )
    for _ in range(recipe.steps):
        losses = F.binary_cross_entropy_with_logits(head.dense(standard), target, reduction="none")
        loss = (losses * mask).sum() / mask.sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return head.eval()


def fit_scales(logits: Tensor, true: Marks, known: Marks) -> tuple[Tensor, Tensor]:
    """Fit the scale and the offset of each term's logit by sigmoid cross entropy.

    Args:
        logits: [n, terms], of photos that the layer was not trained on.
        true, known: bool [n, terms].

    Returns:
        [terms] each; terms of which little is known stay near 1 and 0.
    """
    target, mask = (torch.from_numpy(each.astype(np.float32)) for each in (true, known))
    both = torch.zeros(2, logits.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([both], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        log_scale, offset = both.unbind()
        scaled = logits * log_scale.exp() + offset
        losses = F.binary_cross_entropy_with_logits(scaled, target, reduction="none")
        loss: Tensor = (losses * mask).sum() + both.square().sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    log_scale, offset = both.detach().unbind()
    return log_scale.exp(), offset


def _terms(recipe: TermRecipe, samples: Sequence[Sample], taxonomy: Taxonomy) -> tuple[str, ...]:
    """List the terms of the groups that enough samples have, in taxonomy order."""
    counts = Counter(term for sample in samples for of in sample.terms.values() for term in of)
    known = (term for group in recipe.groups for term in taxonomy.groups[group].terms())
    return tuple(term for term in known if counts[term] >= recipe.min_count)


def _features(inputs: TermInputs, samples: Sequence[Sample]) -> tuple[Features, Shapes]:
    """Compute the features of photos, float32 [n, d], and the shapes of the encoders' maps.

    Features are kept in a folder beside the reader, named by the photos they are of.
    """
    members = [
        open_recogniser(trained_file(inputs.out, name, ".json").with_suffix(""), inputs.taxonomy)
        for name in inputs.recipe.members
    ]
    ensemble = Ensemble(EnsembleCard("encoders"), members, inputs.taxonomy)
    folder = inputs.stem.with_name(inputs.stem.name + ".features")
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in tqdm(range(0, len(samples), CHUNK), "features", unit=f" x {CHUNK} photos"):
        here = samples[start : start + CHUNK]
        path = folder / f"{start:06}-{sample_key(here[0])[:12]}-{sample_key(here[-1])[:12]}.npy"
        if not path.exists():
            np.save(path, _chunk(ensemble, here, inputs.locator))
        parts.append(np.load(path))
    side = ensemble.card.side
    blank = Crop(np.zeros((side, side, 3), np.uint8), *np.array([[0, 0, 1, 1]] * 2, np.float32))
    shapes = [each.shape[1:] for pair in ensemble.encode([blank]) for each in pair]
    return np.concatenate(parts), shapes


def _chunk(ensemble: Ensemble, samples: Sequence[Sample], locator: Locator) -> Features:
    loaded = load_crops(samples, ensemble.card.side, locator, progress=False)
    crops = loaded.each()
    rows = []
    for start in range(0, len(samples), BATCH):
        maps = ensemble.encode(crops[start : start + BATCH])
        rows.append(_pooled(maps, loaded.boxes[start : start + BATCH]))
    return np.concatenate(rows)


def _pooled(maps: FeatureMaps, boxes: Features) -> Features:
    pairs = tuple((torch.from_numpy(middle), torch.from_numpy(last)) for middle, last in maps)
    both = torch.from_numpy(boxes)
    pooled: Features = pooled_features(pairs, both[:, 0], both[:, 1]).numpy()
    return pooled
