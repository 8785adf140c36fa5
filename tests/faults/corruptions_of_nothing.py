"""What a proxy may do to answers without breaking any promise."""

import json
import random
from dataclasses import replace

from proxy import Answer, Proxy, pause
from spoiling import spoiling


@spoiling("more-headers", "Further headers are added on the way.")
def _(answer: Answer, _: Proxy) -> Answer:
    changed = answer.with_header("via", "1.1 proxy").with_header("x-cache", "MISS")
    return replace(answer, head=changed.head)


@spoiling("one-connection-each", "Connections are closed after each answer.")
def _(answer: Answer, _: Proxy) -> bytes:
    return answer.with_header("connection", "close").bytes()


@spoiling("closes-without-a-word", "Connections close after each answer, and nothing says so.")
def _(answer: Answer, _: Proxy) -> bytes:
    return answer.bytes()


@spoiling("chunks", "Bodies travel in chunks.")
def _(answer: Answer, _: Proxy) -> Answer:
    chunked = answer.with_header("content-length", None).with_header("transfer-encoding", "chunked")
    parts = [answer.body[start : start + 100] for start in range(0, len(answer.body), 100)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    return replace(answer, head=chunked.head, body=body)


@spoiling("members-in-another-order", "Members of answers come in another order.")
def _(answer: Answer, _: Proxy) -> Answer:
    members = answer.members
    if not members:
        return answer
    shuffled = random.Random(answer.number).sample(list(members.items()), len(members))
    return answer.with_members(dict(shuffled))


@spoiling("spaces", "JSON is written with spaces and escapes.")
def _(answer: Answer, _: Proxy) -> Answer:
    members = answer.members
    if members is None:
        return answer
    changed = answer.with_body(json.dumps(members, indent=2).encode())
    return replace(answer, head=changed.head, body=changed.body)


@spoiling("slow", "Answers come a little later.")
def _(answer: Answer, _: Proxy) -> Answer:
    pause(0.005)
    return replace(answer, number=0)
