"""Prometheus' text format (version 0.0.4): a handful of lines, without the library that a client of it takes.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Self

from offhook.histogram import Histogram

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_IN_LABEL: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Sample(NamedTuple):
    """`suffix` is what a histogram's series add to its name."""

    labels: Mapping[str, str]
    value: float
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """`help` is one line. The values of labels are to come from the phone, never from the network."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: tuple[Sample, ...]

    @classmethod
    def of(cls, name: str, help_: str, value: float, /, **labels: str) -> Self:
        """Of one value. A name that ends in `_total` is a counter's, as the conventions have it."""
        return cls(name, _kind(name), help_, (Sample(labels, value),))

    @classmethod
    def by(cls, name: str, help_: str, samples: Iterable[Sample]) -> Self:
        return cls(name, _kind(name), help_, tuple(samples))

    @classmethod
    def distribution(cls, name: str, help_: str, histogram: Histogram) -> Self:
        count = float(len(histogram))
        samples = [Sample({"le": _number(bound)}, float(below), "_bucket") for bound, below in histogram]
        samples += [
            Sample({"le": "+Inf"}, count, "_bucket"),
            Sample({}, histogram.sum, "_sum"),
            Sample({}, count, "_count"),
        ]
        return cls(name, "histogram", help_, tuple(samples))


def exposition(metrics: Iterable[Metric]) -> bytes:
    lines: list[str] = []
    for metric in metrics:
        lines += (f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}")
        lines += (
            f"{metric.name}{sample.suffix}{_labels(sample.labels)} {_number(sample.value)}"
            for sample in metric.samples
        )
    return "\n".join([*lines, ""]).encode()


def _kind(name: str) -> Literal["counter", "gauge"]:
    return "counter" if name.endswith("_total") else "gauge"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    told = (f'{name}="{value.translate(_IN_LABEL)}"' for name, value in labels.items())
    return f"{{{','.join(told)}}}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
