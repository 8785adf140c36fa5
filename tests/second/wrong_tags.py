"""Faults of the second endpoint: tags."""

from typing import Any

import core
from core import Refused
from deviation import after, around, before, everywhere, fault, without_effect
from wrong_material import EFFECTS, KEYS, TAGS
from wrong_windows import kept


def tagging(change: Any) -> Any:
    """Change the tags that a resource has after tagging: `change(old, new)`."""

    def patched(original: Any, store: Any, params: Any) -> Any:
        old = {
            (k, t["id"] if k == "key" else t["name"]): dict(t["tags"])
            for k in ("key", "secret")
            for t in store.all(k)
        }
        answer = original(store, params)
        for kind in ("key", "secret"):
            for thing in store.all(kind):
                name = thing["id"] if kind == "key" else thing["name"]
                before_it = old.get((kind, name), {})
                if before_it != thing["tags"]:
                    store.put(kind, name, {**thing, "tags": change(before_it, thing["tags"])})
        return answer

    return around("TagResource TagResources", patched)


fault(
    "tag-value-kept",
    "a tag that exists keeps its value",
    tagging(lambda old, new: {**new, **old}),
    *TAGS,
)
fault(
    "tags-replaced",
    "tagging removes the tags that were there",
    tagging(lambda old, new: {k: v for k, v in new.items() if old.get(k) != v}),
    *TAGS,
)
fault(
    "tag-values-lost",
    "tag values are lost",
    tagging(lambda old, new: dict.fromkeys(new, "")),
    *TAGS,
)
fault(
    "tag-keys-lowered",
    "tag keys are kept in small letters",
    tagging(lambda old, new: {k.lower(): v for k, v in new.items()}),
    *TAGS,
)
fault(
    "tags-of-creation-lost",
    "tags at creation are lost",
    before("CreateKey CreateSecret", lambda p: {k: v for k, v in p.items() if k != "Tags"}),
    EFFECTS,
    "paging",
    KEYS,
)


def loose_tags(original: Any) -> Any:
    def checked(params: Any) -> Any:
        return core.from_json(params, "Tags", list)

    return checked


fault(
    "tags-unchecked",
    "tags may contain anything",
    everywhere("checked_tags", loose_tags),
    "contract",
)
fault(
    "tag-prefix-taken",
    "reserved tag keys are taken",
    everywhere(
        "tags_of",
        lambda f: (
            lambda p: f(
                {
                    k: v.replace("aliyun", "xliyun").replace("acs:", "xcs:")
                    if k.startswith("Tag.")
                    else v
                    for k, v in p.items()
                }
            )
        ),
    ),
    "contract",
)
fault(
    "untag-all",
    "UntagResource removes all tags",
    around(
        "UntagResource", lambda f, s, p: (f(s, p), kept(s, p, tags={}) if "KeyId" in p else {})[0]
    ),
    EFFECTS,
    "idempotency",
)
fault(
    "untag-without-effect", "UntagResource has no effect", without_effect("UntagResource"), EFFECTS
)


def _known_only(original: Any, store: Any, params: Any) -> Any:
    key = store.get("key", params.get("ResourceId.1", ""))
    if key and any(v not in key["tags"] for n, v in params.items() if n.startswith("TagKey.")):
        raise Refused(404, "Forbidden.ResourceNotFound")
    return original(store, params)


fault(
    "untag-unknown-refused",
    "UntagResources refuses tag keys that are not there",
    around("UntagResources", _known_only),
    EFFECTS,
    "idempotency",
    "contract",
)


fault(
    "untag-all-with-keys",
    "All counts although tag keys are given",
    before(
        "UntagResources",
        lambda p: (
            {k: v for k, v in p.items() if not k.startswith("TagKey.")}
            if p.get("All", "").lower() == "true"
            else p
        ),
    ),
    EFFECTS,
    "contract",
)
fault(
    "untag-all-ignored",
    "All has no effect",
    before("UntagResources", lambda p: {**p, "All": "false"}),
    EFFECTS,
)
fault(
    "tag-first-only",
    "TagResources tags the first resource only",
    before(
        "TagResources",
        lambda p: {
            k: v for k, v in p.items() if not k.startswith("ResourceId.") or k == "ResourceId.1"
        },
    ),
    EFFECTS,
)
fault(
    "tag-list-unfiltered",
    "ListTagResources lists all resources",
    before(
        "ListTagResources",
        lambda p: {k: v for k, v in p.items() if not k.startswith("ResourceId.")},
    ),
    EFFECTS,
    "paging",
)
fault(
    "tag-list-any-value",
    "ListTagResources looks at tag keys only",
    before("ListTagResources", lambda p: {k: v for k, v in p.items() if not k.endswith(".Value")}),
    EFFECTS,
    "paging",
)
fault(
    "tag-list-any-tag",
    "ListTagResources does not look at tags",
    before("ListTagResources", lambda p: {k: v for k, v in p.items() if not k.startswith("Tag.")}),
    EFFECTS,
    "paging",
)
fault(
    "tag-type-ignored",
    "ListTagResources lists keys for secrets too",
    after(
        "ListTagResources",
        lambda a, s, p: {
            **a,
            "TagResources": {
                "TagResource": [
                    {**one, "ResourceType": "key"} for one in a["TagResources"]["TagResource"]
                ]
            },
        },
    ),
    EFFECTS,
)
fault(
    "tag-two-owners",
    "TagResource takes a key and a secret at once",
    before(
        "TagResource",
        lambda p: {k: v for k, v in p.items() if k != "SecretName"} if "KeyId" in p else p,
    ),
    "contract",
)
fault(
    "tag-51-resources",
    "TagResources takes more than 50 resources",
    everywhere(
        "numbered",
        lambda f: (
            lambda p, stem, most, tail="": f(p, stem, 500 if stem == "ResourceId" else most, tail)
        ),
    ),
    "contract",
)
fault(
    "tag-21-tags",
    "TagResources takes more than 20 tags",
    everywhere(
        "numbered",
        lambda f: lambda p, stem, most, tail="": f(p, stem, 500 if stem == "Tag" else most, tail),
    ),
    "contract",
)
fault(
    "tag-listed-wrong-owner",
    "ListResourceTags shows the tags of the newest key",
    around(
        "ListResourceTags",
        lambda f, s, p: f(s, {**p, "KeyId": s.key(p["KeyId"]) and s.all("key")[0]["id"]}),
    ),
    EFFECTS,
)
