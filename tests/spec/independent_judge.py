"""Judges requests by plain jsonschema and a few lines of its own, apart from the compiler."""

import json
import re
from base64 import b64decode

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")


def ecma(pattern):
    """ECMA meaning for what the specs use: $ is the very end, classes ASCII, a dot no line end."""
    dots = re.sub(r"(?<=[\]/:])\.(?=[+*])", r"[^\\n\\r\\u2028\\u2029]", pattern)
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", dots), re.ASCII)


def _pattern(_, pattern, instance, __):
    if isinstance(instance, str) and not ecma(pattern).search(instance):
        yield ValidationError("pattern")


def _encoding(_, __, instance, ___):
    if isinstance(instance, str) and not BASE64.match(instance):
        yield ValidationError("base64")


def _decoded(_, limits, instance, __):
    if not isinstance(instance, str) or not BASE64.match(instance):
        return
    size = len(b64decode(instance))
    exact = limits.get("bytes")
    if exact is not None and size != exact:
        yield ValidationError("size")
    if size < limits.get("minBytes", 0) or size > limits.get("maxBytes", size):
        yield ValidationError("size")


def _bytes(_, limit, instance, __):
    text = instance if isinstance(instance, str) else json.dumps(instance, ensure_ascii=False)
    if len(text.encode()) > limit:
        yield ValidationError("bytes")


def _json_length(_, limit, instance, __):
    text = json.dumps(instance, ensure_ascii=False, separators=(",", ":"))
    if isinstance(instance, dict | list) and len(text) > limit:
        yield ValidationError("length")


Judge = extend(
    Draft202012Validator,
    {
        "pattern": _pattern,
        "contentEncoding": _encoding,
        "x-decoded": _decoded,
        "x-max-bytes": _bytes,
        "x-max-json-length": _json_length,
    },
)


def pointer(path):
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def faults(operation, params):
    """(keyword, pointer) of every violation, by the unexpanded schema of the operation."""
    judge = Judge(operation.request, registry=operation.registry, format_checker=FormatChecker())
    return [(error.validator, pointer(error.absolute_path)) for error in judge.iter_errors(params)]
