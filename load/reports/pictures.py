"""The pictures of a load report, each from the results alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from load.reports.chart import Axis, Band, Chart, Line, Mark, log_bounds, number, top_of

Results = Mapping[str, Any]

_OUTCOMES = (
    ("ok", "--good"),
    ("throttled", "--throttled"),
    ("4xx", "--client"),
    ("5xx", "--server"),
    ("transport", "--transport"),
    ("wrong answer", "--wrong"),
)
_CURVE_TICKS = (
    (1.0, "0"),
    (10.0, "90"),
    (100.0, "99"),
    (1e3, "99.9"),
    (1e4, "99.99"),
    (1e5, "99.999"),
)


def pictures(results: Results) -> list[Chart]:
    """Return the pictures that the results can fill, in order of interest."""
    makers = (
        capacity,
        capacity_latency,
        scalability,
        latency_over_time,
        quantile_curve,
        outcome_bands,
        rate_and_latency,
        resources,
    )
    return [chart for maker in makers if (chart := maker(results)) is not None]


def latency_over_time(results: Results) -> Chart | None:
    """Quantiles of each slice, on a logarithmic scale."""
    series = [point for point in results["series"] if point["p50"] is not None]
    if len(series) < 2:
        return None
    low, high = log_bounds([point[name] for point in series for name in ("p50", "p99", "max")])
    lines = [
        Line(name, [(point["second"], point[name]) for point in series], colour)
        for name, colour in (
            ("max", "--fourth"),
            ("p99", "--third"),
            ("p95", "--second"),
            ("p50", "--first"),
        )
    ]
    return Chart(
        "Latency over time",
        "From the intended start to the answer, for the requests due in each slice. "
        "A gap in the target shows as a sawtooth: what was due while it stood still waited.",
        _time(results, series),
        Axis("latency, ms", low, high, log=True),
        lines,
        marks=[*_limits(results), *_window(results)],
    )


def quantile_curve(results: Results) -> Chart | None:
    """Latency and service time by quantile."""
    curve = results["histograms"]["curve"]
    service = results["histograms"]["service_curve"]
    if len(curve) < 2:
        return None
    values = [value for _, value in (*curve, *service)]
    low, high = log_bounds(values)
    reach = 1 / (1 - curve[-1][0])
    right = max(100.0, next(t for t, _ in _CURVE_TICKS if t >= reach * 0.999))
    return Chart(
        "Quantiles",
        "Latency counts from the intended start; service time, from sending, is what a closed-loop "
        "tool would show. Where they part, requests queued.",
        Axis(
            "percentile",
            1.0,
            right,
            log=True,
            ticks=tuple(t for t in _CURVE_TICKS if t[0] <= right),
        ),
        Axis("ms", low, high, log=True),
        [
            Line("latency", [(1 / (1 - q), value) for q, value in curve], "--third"),
            Line(
                "service time (not for limits)",
                [(1 / (1 - q), v) for q, v in service],
                "--first",
                "dashed",
            ),
        ],
        marks=_limits(results),
    )


def outcome_bands(results: Results) -> Chart | None:
    """Requests a second by outcome, stacked, below the offered rate."""
    series = results["series"]
    if len(series) < 2:
        return None
    length = results["options"]["slice"]
    floors = [0.0] * len(series)
    bands = []
    for name, colour in _OUTCOMES:
        counts = [point["outcomes"].get(name, 0) / length for point in series]
        if not any(counts):
            continue
        tops = [below + count for below, count in zip(floors, counts, strict=True)]
        points = [(p["second"], low, top) for p, low, top in zip(series, floors, tops, strict=True)]
        bands.append(Band(name, points, colour))
        floors = tops
    offered = [(point["second"], point["scheduled"] / length) for point in series]
    top = top_of([rate for _, rate in offered] + floors)
    return Chart(
        "Outcomes",
        "What became of the requests due in each slice; a gap below the dashed line is what was "
        "dropped or never answered.",
        _time(results, series),
        Axis("requests per second", 0, top),
        [Line("offered", offered, "--ink", "dashed")],
        bands,
        [*_promises(results, top), *_window(results)],
    )


def rate_and_latency(results: Results) -> Chart | None:
    """Each slice as a point: rate offered against p99."""
    length = results["options"]["slice"]
    points = [
        (point["scheduled"] / length, point["p99"])
        for point in results["series"]
        if point["p99"] is not None and point["scheduled"]
    ]
    spread = {round(rate, -1) for rate, _ in points}
    if "capacity" in results or len(points) < 3 or len(spread) < 2:
        return None
    low, high = log_bounds([value for _, value in points])
    return Chart(
        "Rate and latency",
        "Each slice is a point.",
        Axis("offered, requests per second", 0, top_of([rate for rate, _ in points])),
        Axis("p99, ms", low, high, log=True),
        [Line("slices", points, "--first", "points")],
    )


def resources(results: Results) -> Chart | None:
    """CPU of generator and target over time."""
    series = results["series"]
    generator = [
        (p["second"], p["generator"] * 100) for p in series if p.get("generator") is not None
    ]
    target = [(p["second"], p["target"] * 100) for p in series if p.get("target") is not None]
    if len(generator) < 2:
        return None
    lines = [Line("generator, busiest of its kind", generator, "--first")]
    if len(target) > 1:
        lines.append(Line("target process", target, "--third"))
    return Chart(
        "Processor",
        "Share of one core. Above 85 % the generator is the bottleneck and the run is invalid.",
        _time(results, series),
        Axis("% of a core", 0, max(100.0, top_of([v for _, v in (*generator, *target)]))),
        lines,
        marks=[Mark("generator limit", 85), *_window(results)],
    )


def memory(results: Results) -> Chart | None:
    """Resident memory of the target over time, for soak runs."""
    points = [(p["second"], p["memory"] / 2**20) for p in results["series"] if p.get("memory")]
    if len(points) < 3:
        return None
    return Chart(
        "Memory of the target",
        "Resident memory of its process.",
        _time(results, results["series"]),
        Axis("MiB", 0, top_of([value for _, value in points])),
        [Line("resident", points, "--first")],
    )


def capacity(results: Results) -> Chart | None:
    """Steps of a capacity search: goodput and p99 against the offered rate."""
    search = results.get("capacity")
    if not search or not search["steps"]:
        return None
    steps = sorted(search["steps"], key=lambda step: step["offered"])
    offered = [step["offered"] for step in steps]
    rates = [*offered, *(promise["rate"] for promise in results["promises"])]
    ceiling = max(offered) * 1.6
    right = top_of([rate for rate in rates if rate <= ceiling])
    passed = [(s["offered"], s["goodput"]) for s in steps if s["passed"]]
    failed = [(s["offered"], s["goodput"]) for s in steps if not s["passed"]]
    top = top_of([good for _, good in (*passed, *failed)])
    end = min(right, top)
    lines = [
        Line("everything offered succeeds", [(0, 0), (end, end)], "--ink", "dashed"),
        Line("kept all limits", passed, "--good", "points"),
        Line("broke a limit", failed, "--server", "points"),
    ]
    marks = [
        Mark(f"promise {number(p['rate'])}", p["rate"], vertical=True) for p in results["promises"]
    ]
    if search["rate"]:
        marks.append(
            Mark(f"found {number(search['rate'])}", search["rate"], vertical=True, colour="--third")
        )
    return Chart(
        "Capacity",
        "Goodput of each step against the offered rate. The knee is where the points leave the "
        "dashed line; the promised rates are marked.",
        Axis("offered, requests per second", 0, right),
        Axis("good, requests per second", 0, top),
        lines,
        marks=marks,
    )


def capacity_latency(results: Results) -> Chart | None:
    """Latency of the steps of a capacity search against the offered rate."""
    search = results.get("capacity")
    steps = [step for step in (search or {}).get("steps", []) if step["p99"] is not None]
    if len(steps) < 2:
        return None
    steps.sort(key=lambda step: step["offered"])
    low, high = log_bounds([step[name] for step in steps for name in ("p50", "p99")])
    return Chart(
        "Rate and latency",
        "Latency of each step. Beyond the knee requests queue, and latency grows with the length "
        "of the step.",
        Axis("offered, requests per second", 0, top_of([step["offered"] for step in steps])),
        Axis("ms", low, high, log=True),
        [
            Line("p99", [(step["offered"], step["p99"]) for step in steps], "--third", "points"),
            Line("p50", [(step["offered"], step["p50"]) for step in steps], "--first", "points"),
        ],
        marks=_limits(results),
    )


def scalability(results: Results) -> Chart | None:
    """Closed-loop throughput by concurrency, with the law fitted to it."""
    search = results.get("capacity")
    points = [(n, x) for n, x in (search or {}).get("sweep", [])]
    if search is None or len(points) < 2:
        return None
    lines = [Line("measured", points, "--first", "points")]
    if search["fit"]:
        lines.append(Line("scalability law (hint)", search["fit"]["curve"], "--second", "dashed"))
    return Chart(
        "Concurrency",
        "Closed loop: so many requests always in the target's hands.",
        Axis(
            "requests at a time",
            1,
            points[-1][0],
            log=True,
            ticks=tuple((n, number(n)) for n, _ in points),
        ),
        Axis("requests per second", 0, top_of([x for _, x in points])),
        lines,
    )


def _time(results: Results, series: Sequence[Mapping[str, Any]]) -> Axis:
    last = series[-1]["second"] + results["options"]["slice"]
    return Axis("seconds since the start", min(0.0, series[0]["second"]), last)


def _limits(results: Results) -> list[Mark]:
    limits: Mapping[str, float] = results["objectives"]["latency"]
    return [
        Mark(f"limit {name.replace('_', '.')} {limit:g} ms", limit)
        for name, limit in limits.items()
    ]


def _window(results: Results) -> list[Mark]:
    from datetime import datetime

    window = results["window"]
    start = window["start"] - datetime.fromisoformat(results["started"]).timestamp()
    if window["seconds"] <= 0 or results["kind"] == "capacity":
        return []
    return [Mark("judged from here", start, vertical=True)]


def _promises(results: Results, top: float) -> list[Mark]:
    return [
        Mark(f"promise {number(p['rate'])}/s", p["rate"])
        for p in results["promises"]
        if p["rate"] <= top
    ]
