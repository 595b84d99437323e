"""Faster R-CNN with a feature pyramid on EfficientNet-Lite, small enough for a web request.

Ren et al. (2015), as in section 3.4 of the SK Planet paper; the pyramid is of Lin et al. (2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign, roi_align
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool
from torchvision.ops.poolers import _setup_scales

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.networks.encoders import EfficientNetLite, new_encoder

STRIDE = 32
"""Sides of images are padded to multiples of this, so that pyramid levels have whole cells."""

ANCHOR_SIDES = (12, 24, 48, 96, 192)
"""Sides of anchors at pyramid levels of stride 4, 8, 16, 32 and 64, pixels."""

ANCHOR_RATIOS = (0.4, 0.8, 1.6, 3.0)
"""Ratios of height to width: a belt is wide, trousers are tall."""

POOLED = 7
"""Side of the maps pooled in a proposal, cells."""


@dataclass(frozen=True)
class Limits:
    """Limits of the detections of the two stages.

    Attributes:
        proposals: most proposals of the first stage for an image.
        detections: most detections of the second stage for an image.
        min_score: least score of a detection, in [0, 1].
        overlap: least IoU of duplicates of one class, of which the best is kept.
    """

    proposals: int = 150
    detections: int = 60
    min_score: float = 0.05
    overlap: float = 0.45


class Pyramid(nn.Module):
    """A feature pyramid: normalised images [n, 3, h, w] to maps of one width at strides 4 to 64.

    Batch normalisation is folded into the convolutions: with few photos its statistics stay those
    of ImageNet, and the network exports as it trains.

    Args:
        width: channels of every level.
        frozen_blocks: number of first blocks that, with the stem, are not trained.
        pretrained: load ImageNet weights; else they are random.
        encoder: name of an EfficientNet-Lite.

    Raises:
        InvalidConfig: another encoder.
    """

    def __init__(
        self,
        width: int,
        frozen_blocks: int = 0,
        pretrained: bool = True,
        encoder: str = "efficientnet_lite0",
    ) -> None:
        super().__init__()
        lite = new_encoder(encoder, pretrained)
        if not isinstance(lite, EfficientNetLite):
            raise InvalidConfig(f"expected an EfficientNet-Lite as encoder; got {encoder!r}")
        lite.fold()
        net = lite.eval().net
        net._conv_head = nn.Identity()
        self.body = net
        self.ends = stride_ends(net._blocks)
        channels = [net._blocks[end]._project_conv.out_channels for end in self.ends]
        self.fpn = FeaturePyramidNetwork(channels, width, extra_blocks=LastLevelMaxPool())
        self.out_channels = width
        if frozen_blocks:
            for module in (net._conv_stem, *net._blocks[:frozen_blocks]):
                module.requires_grad_(False)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Compute the maps by name, finest first."""
        x = self.body._swish(self.body._bn0(self.body._conv_stem(images)))
        maps: dict[str, Tensor] = {}
        for index, block in enumerate(self.body._blocks):
            x = block(x)
            if index in self.ends:
                maps[str(self.ends.index(index))] = x
        levels: dict[str, Tensor] = self.fpn(maps)
        return levels


def faster_rcnn(
    classes: int,
    width: int = 64,
    hidden: int = 256,
    frozen_blocks: int = 0,
    pretrained: bool = True,
    limits: Limits | None = None,
    encoder: str = "efficientnet_lite0",
) -> FasterRCNN:
    """Build torchvision's Faster R-CNN for images of their final size; class 0 is the background.

    Args:
        classes: number of classes without the background.
        width, hidden: channels of the pyramid and of the box head.
        frozen_blocks, pretrained, encoder: see Pyramid.

    Returns:
        A network that takes a list of float images [3, h, w] in [0, 1] (and, while it trains,
        targets) as torchvision's do; smaller images are padded to multiples of ``STRIDE``.
    """
    limits = limits or Limits()
    pyramid = Pyramid(width, frozen_blocks, pretrained, encoder)
    levels = [str(level) for level in range(len(pyramid.ends))]
    network = FasterRCNN(
        pyramid,
        num_classes=None,
        rpn_anchor_generator=AnchorGenerator(
            tuple((side,) for side in ANCHOR_SIDES), (ANCHOR_RATIOS,) * len(ANCHOR_SIDES)
        ),
        box_roi_pool=LevelPooling(levels, POOLED, 2, canonical_scale=96, canonical_level=4),
        box_head=TwoMLPHead(width * POOLED**2, hidden),
        box_predictor=BoxPredictor(hidden, classes + 1),
        rpn_pre_nms_top_n_train=400,
        rpn_pre_nms_top_n_test=limits.proposals,
        rpn_post_nms_top_n_train=300,
        rpn_post_nms_top_n_test=limits.proposals,
        rpn_batch_size_per_image=128,
        box_batch_size_per_image=96,
        box_score_thresh=limits.min_score,
        box_nms_thresh=limits.overlap,
        box_detections_per_img=limits.detections,
    )
    network.transform = Normalised()
    return network


def stride_ends(blocks: nn.ModuleList) -> list[int]:
    """Find the last block at each of the strides 4, 8, 16 and 32."""
    convolutions: list[nn.Conv2d] = [block._depthwise_conv for block in blocks]  # type: ignore[misc]
    first = [index for index, one in enumerate(convolutions) if tuple(one.stride) == (2, 2)]
    return [*(index - 1 for index in first[1:]), len(blocks) - 1]


class Normalised(GeneralizedRCNNTransform):  # type: ignore[misc]
    """Torchvision's transform without its resizing."""

    def __init__(self) -> None:
        mean, std = [EfficientNetLite.mean] * 3, [EfficientNetLite.std] * 3
        super().__init__(0, 0, mean, std, size_divisible=STRIDE)

    def resize(
        self, image: Tensor, target: dict[str, Tensor] | None = None
    ) -> tuple[Tensor, dict[str, Tensor] | None]:
        """Return both unchanged."""
        return image, target


class LevelPooling(MultiScaleRoIAlign):  # type: ignore[misc]
    """Torchvision's pooling, put back in order by one gather when it is exported.

    Torchvision exports a scatter for each level, of an index as large as the result. These took a
    quarter of the detector's time.
    """

    def forward(
        self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]
    ) -> Tensor:
        """Pool the proposals [n, 4] of images in the maps by name: [n, c, cells, cells]."""
        if not torch._C._get_tracing_state():
            pooled: Tensor = super().forward(x, boxes, image_shapes)
            return pooled
        maps = [x[name] for name in self.featmap_names]
        scales, map_levels = _setup_scales(
            maps, image_shapes, self.canonical_scale, self.canonical_level
        )
        [proposals] = boxes
        levels = map_levels([proposals])
        rows = [torch.where(levels == level)[0] for level in range(len(maps))]
        by_level = [
            roi_align(each, [proposals[of]], self.output_size, scale, self.sampling_ratio)
            for each, of, scale in zip(maps, rows, scales, strict=True)
        ]
        return torch.cat(by_level)[torch.cat(rows).argsort()]


class BoxPredictor(nn.Module):
    """Predicts class scores [n, classes] and boxes for each class [n, 4 classes]."""

    def __init__(self, hidden: int, classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(hidden, classes)
        self.bbox_pred = nn.Linear(hidden, classes * 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Compute both from features [n, hidden]."""
        return self.cls_score(x), self.bbox_pred(x)
