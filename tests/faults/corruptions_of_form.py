"""Faults of a proxy that change the form of answers: status, body, codes, times, lists."""

from dataclasses import replace
from typing import Any

from proxy import Answer, Corruption, Proxy, pause
from spoiling import spoiling


def _on(operation: str, answer: Answer) -> dict[str, Any] | None:
    return answer.members if answer.operation == operation and answer.status == 200 else None


def _status(old: int, new: int) -> Corruption:
    def corrupt(answer: Answer, _: Proxy) -> Answer:
        return answer.with_status(new) if answer.status == old else answer

    return corrupt


for _old, _new, _breaks in (
    (404, 400, ("CON-006",)),
    (400, 200, ("CON-002", "ENV-006")),
    (403, 401, ("RAM-001",)),
    (409, 500, ("STA-002",)),
    (200, 500, ("CON-001", "ENV-006")),
    (400, 500, ("CON-002",)),
    (404, 410, ("CON-006",)),
    (409, 400, ("STA-002", "IDM-003")),
    (200, 304, ("CON-001",)),
):
    spoiling(f"changes-{_old}-to-{_new}", f"Status {_old} becomes {_new} on the way.", *_breaks)(
        _status(_old, _new)
    )


@spoiling("cuts-bodies", "Answers of Encrypt break off, their length kept.", "CRY-001")
def _(answer: Answer, _: Proxy) -> bytes | Answer:
    if answer.operation != "Encrypt":
        return answer
    return replace(answer, body=answer.body[: len(answer.body) // 2]).bytes()


@spoiling("shortens-bodies", "Bodies break off, with the length of what is left.", "ENV-013")
def _(answer: Answer, _: Proxy) -> Answer:
    changed = answer.with_body(answer.body[: len(answer.body) * 2 // 3])
    return replace(answer, head=changed.head, body=changed.body)


@spoiling("repeats-answers", "Every answer comes twice on its connection.", "GW-SHR-011", "ENV-005")
def _(answer: Answer, _: Proxy) -> Answer:
    return replace(answer, body=answer.body + answer.bytes())


@spoiling("answers-too-late", "Answers of Encrypt come after the time allowed.", "CRY-001")
def _(answer: Answer, _: Proxy) -> Answer:
    if answer.operation == "Encrypt":
        pause(4)
        return replace(answer, number=0)
    return answer


@spoiling("html-errors", "Refusals become a page of HTML.", "ENV-003", "ENV-002")
def _(answer: Answer, _: Proxy) -> Answer:
    if answer.status < 400:
        return answer
    page = answer.with_header("content-type", "text/html").with_body(b"<html>refused</html>")
    return replace(answer, head=page.head, body=page.body)


@spoiling("loses-codes", "Code is lost from refusals.", "ENV-003")
def _(answer: Answer, _: Proxy) -> Answer:
    members = answer.members
    if not members or "Code" not in members:
        return answer
    return answer.with_members({n: v for n, v in members.items() if n != "Code"})


@spoiling("lower-case-codes", "Codes come in lower case.", "CON-006", "STA-002")
def _(answer: Answer, _: Proxy) -> Answer:
    members = answer.members
    if not members or "Code" not in members:
        return answer
    return answer.with_members({**members, "Code": members["Code"].lower()})


@spoiling(
    "other-http-status", "HttpStatus tells another status than that of the answer.", "ENV-004"
)
def _(answer: Answer, _: Proxy) -> Answer:
    members = answer.members
    if not members or "HttpStatus" not in members:
        return answer
    return answer.with_members({**members, "HttpStatus": 418})


@spoiling("numbers-as-text", "Numbers come as text.", "CON-004")
def _(answer: Answer, _: Proxy) -> Answer:
    members = answer.members
    if not members or answer.status >= 400:
        return answer
    return answer.with_members(_texts(members))


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _texts(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_texts(part) for part in value]
    return str(value) if type(value) is int else value


@spoiling("loses-last-rows", "The last row of each list of keys is lost.", "PAG-001")
def _(answer: Answer, _: Proxy) -> Answer:
    members = _on("ListKeys", answer)
    if not members or not members["Keys"]["Key"]:
        return answer
    return answer.with_members({**members, "Keys": {"Key": members["Keys"]["Key"][:-1]}})


@spoiling("total-of-page", "TotalCount becomes the number of rows of the page.", "PAG-002")
def _(answer: Answer, _: Proxy) -> Answer:
    members = _on("ListKeys", answer)
    if not members:
        return answer
    return answer.with_members({**members, "TotalCount": len(members["Keys"]["Key"])})


@spoiling("local-times", "Times come with an offset instead of Z.", "ENV-012", "CON-004")
def _(answer: Answer, _: Proxy) -> Answer:
    body = answer.body.replace(b'Z"', b'+00:00"')
    if body == answer.body or answer.operation not in {"CreateKey", "DescribeKey"}:
        return answer
    changed = answer.with_body(body)
    return replace(answer, head=changed.head, body=changed.body)


@spoiling("latin-1", "Texts come in Latin-1 with question marks for what that lacks.", "ENV-011")
def _(answer: Answer, _: Proxy) -> Answer:
    text = answer.body.decode("utf-8", "replace")
    if text.isascii():
        return answer
    changed = answer.with_body(text.encode("latin-1", "replace"))
    return replace(answer, head=changed.head, body=changed.body)


@spoiling("success-beside-code", "Refusals carry a result as well.", "ENV-009")
def _(answer: Answer, _: Proxy) -> Answer:
    members = answer.members
    if not members or "Code" not in members:
        return answer
    result = {"KeyId": "any", "KeyMetadata": {"KeyId": "any"}, "Plaintext": "any"}
    return answer.with_members({**members, **result})
