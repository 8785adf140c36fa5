"""One-fault values of scalars: numbers, booleans and texts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.spec.keywords import Schema, provenance_of, special_values
from conformance.spec.placeholders import Resource
from conformance.spec.values import (
    EMOJI,
    canonical,
    decoded_bounds,
    encoded,
    patterns_of,
    text_of,
)

_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True)
class Fault:
    """A value with one fault.

    Attributes:
        name: Short and stable within the parameter.
        purpose: What is wrong.
        value: The faulty value.
        keyword: The constraint it breaks.
        pointer: Where, relative to the schema.
        provenance: "inferred" where a right target may well accept the value.
        empty: The value may count as absent.
        weight: Lower is kept longer when an operation has more cases than are wanted.
    """

    name: str
    purpose: str
    value: Any
    keyword: str
    pointer: str = ""
    provenance: str = "documented"
    empty: bool = False
    weight: int = 1
    #: `x-refusals` of the schema that states the constraint.
    refusals: Mapping[str, Any] = field(default_factory=dict)


def integer_faults(schema: Schema, as_json: bool) -> Iterator[Fault]:
    """Yield faults of an integer."""
    value = schema.get("maximum", schema.get("default", canonical(schema)))
    mark = provenance_of(schema, "type")
    if as_json:
        yield Fault("text", "text for a number", "many", "type", "", mark)
        yield Fault("object", "object for a number", {}, "type", "", mark)
        yield Fault("numeric-text", "number as text", str(value), "type", "", "inferred", weight=3)
    else:
        yield Fault(
            "letters", "letters after the digits", f"{value}abc", "type", "", mark, weight=0
        )
        yield Fault("word", "no digits at all", "many", "type", "", mark)
        yield Fault("fraction", "fraction", f"{value}.5", "type", "", mark)
        yield Fault("hexadecimal", "hexadecimal", hex(value), "type", "", mark, weight=2)
        yield Fault("list", "two numbers", f"{value},{value}", "type", "", mark, weight=2)
        yield from _lenient_integers(value)
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None:
        mark = provenance_of(schema, "minimum")
        yield Fault("below", f"{low - 1}, one below", low - 1, "minimum", "", mark, weight=0)
        if low > 0:
            yield Fault("negative", "negative number", -value or -1, "minimum", "", mark)
    if high is not None:
        mark = provenance_of(schema, "maximum")
        yield Fault("above", f"{high + 1}, one above", high + 1, "maximum", "", mark, weight=0)
        yield Fault("int32", "beyond 32 bits", 2**31, "maximum", "", mark, weight=2)
        # 2**64 + a valid value: what is left of it after a silent overflow is in range.
        wrapped = 2**64 + value
        yield Fault("int64", "valid after an overflow", wrapped, "maximum", "", mark, weight=2)


def _lenient_integers(value: int) -> Iterator[Fault]:
    """Spellings that some number parsers take; no source says that the service does not."""
    spellings = (
        ("decimal-zero", "integer with a zero fraction", f"{value}.0"),
        ("non-ascii-digits", "Arabic-Indic digits", str(value).translate(_ARABIC)),
        ("full-width-digits", "full-width digits", str(value).translate(_FULL_WIDTH)),
        ("plus", "leading plus sign", f"+{value}"),
        ("leading-zero", "leading zero", f"0{value}"),
        ("exponent", "exponent", f"{value}e0"),
        ("blanks", "blanks around", f" {value} "),
        ("newline", "trailing newline", f"{value}\n"),
    )
    for name, purpose, text in spellings:
        yield Fault(name, purpose, text, "type", "", "inferred", weight=2)
    yield Fault("empty", "empty", "", "type", "", "inferred", empty=True, weight=2)


def boolean_faults(schema: Schema, as_json: bool) -> Iterator[Fault]:
    """Yield faults of a boolean."""
    mark = provenance_of(schema, "type")
    yield Fault("word", "neither true nor false", "maybe", "type", "", mark, weight=0)
    if as_json:
        yield Fault("text", "true as text", "true", "type", "", "inferred", weight=3)
        return
    for name, text in (
        ("upper-case", "TRUE"),
        ("digit", "1"),
        ("yes", "yes"),
        ("blanks", " true "),
    ):
        purpose = f"{text!r} for a boolean"
        yield Fault(name, purpose, text, "type", "", "inferred", weight=2)
    yield Fault("empty", "empty", "", "type", "", "inferred", empty=True, weight=2)


def type_faults(schema: Schema) -> Iterator[Fault]:
    """Yield values of other types where text belongs; JSON can tell them apart."""
    # Members of a fixed name may be read as text whatever they are; maps of text to text are not.
    explicit = schema.get("x-provenance", {}).get("type", "inferred")
    yield Fault("type-object", "object for text", {"nested": "x"}, "type", "", explicit)
    yield Fault("type-list", "list for text", ["x"], "type", "", explicit, weight=2)
    yield Fault("type-number", "number for text", 5, "type", "", explicit, weight=2)
    yield Fault("type-null", "null for text", None, "type", "", "inferred", weight=3)


def enum_faults(schema: Schema) -> Iterator[Fault]:
    """Yield values that are not in a closed list."""
    if schema.get("x-open"):
        return
    values: list[str] = schema["enum"]
    special = special_values(schema)
    value = next(item for item in values if item not in special)
    mark = provenance_of(schema, "enum")
    yield Fault("unknown", "value not in the list", "NoSuchValue", "enum", "", mark, weight=0)
    case = schema.get("x-provenance", {}).get("enum:case", "inferred")
    swapped = value.swapcase()
    yield Fault("case", "wrong letter case", swapped, "enum", "", case, weight=1)
    if case != "inferred":  # each value may be looked up in a way of its own
        for other in values:
            if other not in {value, *special} and other.swapcase() not in values:
                purpose = f"wrong letter case of {other}"
                yield Fault(f"case-{other}", purpose, other.swapcase(), "enum", "", case, weight=1)
    yield Fault("truncated", "last letter missing", value[:-1], "enum", "", mark, weight=2)
    yield Fault("two", "two values", f"{values[0]},{values[-1]}", "enum", "", mark, weight=2)
    for name, purpose, text in (
        ("blank", "leading blank", f" {value}"),
        ("newline", "trailing newline", f"{value}\n"),
        ("nul", "trailing NUL", f"{value}\0"),
    ):
        yield Fault(name, purpose, text, "enum", "", "inferred", weight=2)
    yield Fault("empty", "empty", "", "enum", "", "inferred", empty=True, weight=1)


def string_faults(schema: Schema) -> Iterator[Fault]:
    """Yield faults of a text: encoding, pattern and lengths."""
    if schema.get("contentEncoding") == "base64":
        yield from _base64(schema)
    yield from _patterns(schema)
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    if low:
        text = text_of({**schema, "minLength": 0}, low - 1)
        if text is not None:
            mark = provenance_of(schema, "minLength")
            purpose = f"{low - 1} characters, one too few" if low > 1 else "empty"
            yield Fault("short", purpose, text, "minLength", "", mark, empty=low == 1, weight=0)
    if high is not None:
        loose = {key: value for key, value in schema.items() if key != "maxLength"}
        text = text_of(loose, high + 1)
        if text is not None:
            mark = provenance_of(schema, "maxLength")
            purpose = f"{high + 1} characters, one too many"
            yield Fault("long", purpose, text, "maxLength", "", mark, weight=0)
            if schema.get("x-text"):
                text = f"{EMOJI * (high + 1)}"
                purpose = f"{high + 1} four-byte characters"
                yield Fault("long-emoji", purpose, text, "maxLength", "", mark, weight=2)
    limit = schema.get("x-max-bytes")
    if limit is not None:
        mark = provenance_of(schema, "x-max-bytes")
        purpose = f"{limit + 1} bytes, one too many"
        yield Fault("large", purpose, "a" * (limit + 1), "x-max-bytes", "", mark, weight=0)
        text = "é" * (limit // 2 + 1)
        purpose = "within the limit in characters, beyond it in bytes"
        yield Fault("large-utf8", purpose, text, "x-max-bytes", "", mark)


def _patterns(schema: Schema) -> Iterator[Fault]:
    """Break each pattern that applies, in ways that lenient matching would let pass."""
    found = patterns_of(schema)
    if not found or "contentEncoding" in schema:
        return
    mark = provenance_of(schema, "pattern")
    good = _typical(schema)
    new = Resource.parse(schema["x-resource"]) if _names_new(schema) else None
    for name, purpose, prefix, suffix, weight in (
        ("newline", "trailing newline", "", "\n", 1),
        ("foreign-letter", "letter outside ASCII", "", "é", 1),
        ("foreign-digit", "digit outside ASCII", "", "٣", 1),
        ("full-width-digit", "full-width digit", "", "３", 2),
        ("symbol", "character outside the alphabet", "", _outside(schema, good), 0),
        ("blank", "blank within", "", " x", 2),
        ("leading-blank", "leading blank", " ", "", 2),
        ("emoji", "four-byte character", "", EMOJI, 2),
        ("nul", "NUL", "", "\0x", 2),
        ("double", "the value twice, with a newline between", f"{good}\n", "", 2),
    ):
        value: Any = f"{prefix}{good}{suffix}"
        if new is not None:
            value = new.changed("prepend", prefix) if prefix else new.changed("append", suffix)
        yield Fault(name, purpose, value, "pattern", "", mark, weight=weight)
    if new is None and good.translate(_ARABIC) != good:
        text = good.translate(_ARABIC)
        yield Fault("all-foreign-digits", "digits outside ASCII", text, "pattern", "", mark)
    yield Fault("beginning", "without its beginning", good[1:], "pattern", "", mark)
    yield Fault("end", "without its end", good[:-1], "pattern", "", mark, weight=2)
    yield Fault("empty", "empty", "", "pattern", "", mark, empty=True)
    yield Fault("one-kind", "one kind of character", "aaaaaaaa", "pattern", "", mark)
    for pattern in found:
        for index, text in enumerate(pattern.forbidden_beginnings):
            purpose = f"begins with {text}, which is reserved"
            value = f"{text}conformance"
            yield Fault(f"reserved-{index + 1}", purpose, value, "pattern", "", mark, weight=0)
    prefix = _literal_prefix(good)
    if prefix:
        text = prefix.swapcase() + good[len(prefix) :]
        yield Fault("prefix-case", "prefix in the other case", text, "pattern", "", mark, weight=2)


def _outside(schema: Schema, good: str) -> str:
    """Return a visible character that no pattern takes at the end, or the most unusual one."""
    found = patterns_of(schema)
    for char in '*("|\\`':
        if not all(pattern.matches(good + char) for pattern in found):
            return char
    return "`"


def _typical(schema: Schema) -> str:
    if "examples" in schema:
        return str(schema["examples"][0])
    low = max(schema.get("minLength", 0), patterns_of(schema)[0].bounds[0])
    return next(filter(None, (text_of(schema, low + 6), str(canonical(schema)))))


def _literal_prefix(text: str) -> str:
    return text[: text.index("/") + 1] if "/" in text[:8] else ""


def _names_new(schema: Schema) -> bool:
    return bool(schema.get("x-resource", "").startswith("new-"))


def _base64(schema: Schema) -> Iterator[Fault]:
    low, high = decoded_bounds(schema)
    mark = provenance_of(schema, "contentEncoding")
    good = encoded(max(low, min(16, high or 16)))
    text = "@@@@"
    yield Fault("not-base64", "no base64 at all", text, "contentEncoding", "", mark, weight=0)
    text = "密钥管理"
    yield Fault("non-ascii", "text outside ASCII", text, "contentEncoding", "", mark, weight=2)
    placeholder = Resource.parse(schema["x-resource"]) if "x-resource" in schema else None
    for name, purpose in (
        ("unpadded", "base64 without its padding"),
        ("url-safe", "URL-safe alphabet"),
        ("line-breaks", "base64 in lines"),
    ):
        value = (placeholder or Resource("text", good)).changed(name)
        faulty = value if placeholder else value.apply(good)
        yield Fault(name, purpose, faulty, "contentEncoding", "", "inferred", weight=2)
    mark = provenance_of(schema, "x-decoded")
    limits = schema.get("x-decoded", {})
    if high is not None:
        yield Fault(
            "above", f"{high + 1} bytes", encoded(high + 1), "x-decoded", "", mark, weight=0
        )
        # Beyond the limit also when it counts characters of text, or another unit of a kilobyte.
        much = 2 * high
        yield Fault("twice", f"{much} bytes", encoded(much), "x-decoded", "", mark)
    if limits and low > 1:
        yield Fault("below", f"{low - 1} bytes", encoded(low - 1), "x-decoded", "", mark, weight=0)
        yield Fault("one-byte", "one byte", encoded(1), "x-decoded", "", mark, weight=2)
