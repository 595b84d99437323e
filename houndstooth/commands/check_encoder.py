"""Check the image encoder, for ``houndstooth doctor``: which one serves, and how long it takes."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from houndstooth.commands.finding import Finding, Findings

if TYPE_CHECKING:
    from houndstooth.models.encoder.card import EncoderCard
    from houndstooth.models.encoder.onnx_encoder import OnnxEncoder
    from houndstooth.models.encoder.text_card import TextCard
    from houndstooth.models.encoder.text_encoder import TextEncoder
    from houndstooth.models.extractor import ImageExtractor

DYNAMIC = ("ConvInteger", "DynamicQuantizeLinear", "MatMulInteger")
"""Operators of networks that were quantised dynamically."""

SLOW_SECONDS = 0.5
"""For one picture; a feed of 100,000 pictures then takes 14 hours of all cores."""


def check_encoder(extractor: ImageExtractor) -> Findings:
    """Say what makes the binary codes, and time it."""
    from houndstooth.models.encoder.onnx_encoder import OnnxEncoder

    encoder = extractor.encoder
    if not isinstance(encoder, OnnxEncoder):
        text = f"none: codes are of {extractor.recogniser.card.model}'s own features, 0 ms more"
        yield Finding("ok", "encoder", text)
        return
    seconds = seconds_per_picture(encoder)
    text = f"{describe(encoder.card)}; {1000 * seconds:.0f} ms a picture"
    advice = dynamic_advice(encoder.card)
    if not advice and seconds > SLOW_SECONDS:
        advice = "Queries and feeds will be slow: take a smaller encoder, or more processors."
    yield Finding("warn" if advice else "ok", "encoder", text, advice)
    if encoder.text:
        ms = 1000 * seconds_per_text(encoder.text)
        text = f"{describe_text(encoder.text.card)}; {ms:.0f} ms a text"
        yield Finding("ok", "encoder's texts", text)


def describe(card: EncoderCard) -> str:
    """Name an encoder, and what is made of its embeddings."""
    wanted, zero = card.input, not card.thresholds.any()
    thresholds = "thresholds 0 (houndstooth encoder fit fits them)" if zero else "thresholds fitted"
    return (
        f"{card.model}, {card.licence}: {wanted.size[0]} × {wanted.size[1]} of the {card.region}, "
        f"{card.output.dimension} dimensions, {thresholds}"
    )


def describe_text(card: TextCard) -> str:
    """Name a text tower, and how texts are fed to it."""
    zero = "0 (houndstooth encoder fit --titles fits it)"
    return (
        f"texts by {card.path.name} and {card.tokenizer.name}: {card.length} tokens, filled up by "
        f"{card.pad_id}, {card.output}, centre {'fitted' if card.centre.any() else zero}"
    )


def dynamic_advice(card: EncoderCard) -> str:
    """Advise against a network in dynamic 8 bits; empty where it is none."""
    from houndstooth.models.encoder.onnx_graph import OnnxGraph

    operators = OnnxGraph.read(card.path).operators
    used = [f"{operators[name]} {name}" for name in DYNAMIC if operators[name]]
    if not used:
        return ""
    return (
        f"It is in dynamic 8 bits ({', '.join(used)}), which onnxruntime may run several times "
        "slower than floats: time the float file too, by houndstooth encoder check."
    )


def seconds_per_picture(encoder: OnnxEncoder) -> float:
    """Time the check picture, the median of three."""
    return _median_seconds(encoder)


def seconds_per_text(encoder: TextEncoder) -> float:
    """Time the check's text, the median of three."""
    return _median_seconds(encoder)


def _median_seconds(encoder: OnnxEncoder | TextEncoder) -> float:
    times = []
    for _ in range(4):
        start = perf_counter()
        encoder.check_values()
        times.append(perf_counter() - start)
    return median(times[1:])  # the first one warms up
