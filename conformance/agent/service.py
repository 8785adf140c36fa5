"""Typed view of specs/agent: where an agent listens, how it is asked, how it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from conformance.spec import catalogue


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an agent itself refuses a request."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Service:
    """What specs/agent/service.json states.

    Attributes:
        address: Where it listens.
        query_path: Path of the form with a query.
        query_name: Parameter that holds the name.
        parameters: Further parameters, to the parameter of GetSecretValue that each stands for.
        token_headers: Headers that may carry the token.
        token_variables: Environment variables that may hold it.
        token_file: Its file where no variable is set.
        health_path: Path that answers without a token.
        health_body: What it answers.
        refusals: By what is wrong.
        defaults: Of settings, by name.
    """

    address: str
    query_path: str
    query_name: str
    parameters: Mapping[str, str | None]
    token_headers: tuple[str, ...]
    token_variables: tuple[str, ...]
    token_file: str
    health_path: str
    health_body: str
    refusals: Mapping[str, Refusal]
    defaults: Mapping[str, Any]


@cache
def service() -> Service:
    """Return what the specs state."""
    document = catalogue().document("agent/service")
    query = next(form for form in document["forms"] if form["form"] == "query")
    token = document["token"]
    return Service(
        address=document["listening"]["address"],
        query_path=query["path"],
        query_name=query["parameter"],
        parameters={one["name"]: one["means"] for one in document["parameters"]},
        token_headers=tuple(token["headers"]),
        token_variables=tuple(token["variables"]),
        token_file=token["file"],
        health_path=document["health"]["path"],
        health_body=document["health"]["body"],
        refusals={
            one["refusal"]: Refusal(one["status"], one["text"]) for one in document["refusals"]
        },
        defaults={one["setting"]: one["default"] for one in document["settings"]},
    )
