"""Walks among aliases, tags and lists."""


def names(body):
    return sorted(row["AliasName"] for row in body["Aliases"]["Alias"])


def aliases(tour):
    one, two = tour.key(), tour.key()
    labels = {one: 1, two: 2}
    tour("CreateAlias", AliasName="alias/a", KeyId=one)
    tour("CreateAlias", AliasName="alias/b", KeyId=one)
    tour("CreateAlias", AliasName="alias/a", KeyId=one)
    tour("CreateAlias", AliasName="alias/a", KeyId=two)
    tour("DescribeKey", KeyId="alias/A")

    def rows(body):
        found = body["Aliases"]["Alias"]
        return [(row["AliasName"], labels.get(row["KeyId"], "other")) for row in found]

    tour("ListAliases", take=lambda body: rows(body)[1:])
    for key in (one, two):
        tour("ListAliasesByKeyId", take=rows, KeyId=key)
    tour("UpdateAlias", AliasName="alias/a", KeyId=two)
    tour("ListAliasesByKeyId", take=rows, KeyId=two)
    tour("UpdateAlias", AliasName="alias/new", KeyId=two)
    tour("DeleteAlias", AliasName="alias/a")
    tour("DeleteAlias", AliasName="alias/a")
    tour.state(two)
    tour("ListAliases", take=lambda body: rows(body)[1:])
    tour("ScheduleKeyDeletion", KeyId=one, PendingWindowInDays=7)
    tour("CreateAlias", AliasName="alias/c", KeyId=one)
    tour("UpdateAlias", AliasName="alias/b", KeyId=two)
    tour("UpdateAlias", AliasName="alias/b", KeyId=one)
    tour("ListAliases", take=lambda body: rows(body)[1:])


def tags_of(tour, key):
    tour(
        "ListResourceTags",
        take=lambda body: sorted((row["TagKey"], row["TagValue"]) for row in body["Tags"]["Tag"]),
        KeyId=key,
    )


def tags(tour):
    keys = [tour.key(), tour.key()]
    key = keys[0]
    tour("TagResource", KeyId=key, Tags=[{"TagKey": "a", "TagValue": "1"}])
    tour(
        "TagResource",
        KeyId=key,
        Tags=[{"TagKey": "a", "TagValue": "2"}, {"TagKey": "b", "TagValue": "3"}],
    )
    tags_of(tour, key)
    tour("TagResource", KeyId=key, Tags=[{"TagKey": "c", "TagValue": "4\\"}])
    tour("UpdateKeyDescription", KeyId=key, Description="tagged")
    tags_of(tour, key)
    tour("UntagResource", KeyId=key, TagKeys=["a"])
    tags_of(tour, key)
    common = {"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": keys}
    tour("TagResources", Tag=[{"Key": "x", "Value": "y"}], **common)
    tags_of(tour, keys[1])
    tour("UntagResources", TagKey=["x", "unbound"], All=True, **common)
    tags_of(tour, key)

    def rows(body):
        found = body["TagResources"]["TagResource"]
        return [(row["ResourceType"], row["TagKey"], row["TagValue"]) for row in found]

    tour("ListTagResources", take=rows, **common)
    only = {**common, "ResourceId": keys[1:]}
    tour("ListTagResources", take=rows, **only)
    many = [{"TagKey": f"t{number}", "TagValue": "v"} for number in range(20)]
    tour("TagResource", KeyId=key, Tags=many)
    tour("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    tour("UntagResource", KeyId=key, TagKeys=["b"])
    tour("CreateSecret", SecretName="s", SecretData="x", VersionId="v1")
    tour("TagResource", SecretName="s", Tags=[{"TagKey": "a", "TagValue": "1"}])
    tour("DescribeSecret", take=lambda body: body.get("Tags"), SecretName="s", FetchTags="true")


def lists(tour):
    keys = [tour.key(Tags=[{"TagKey": "n", "TagValue": str(n % 3)}]) for n in range(12)]
    mine = [{"Key": "TagKey", "Values": ["n"]}]

    def rows(body):
        found = [row["KeyId"] for row in body["Keys"]["Key"]]
        counts = body["PageNumber"], body["PageSize"], body["TotalCount"]
        return [keys.index(row) if row in keys else "other" for row in found], counts

    for number in (1, 2, 3, 4):
        tour("ListKeys", take=rows, Filters=mine, PageNumber=number, PageSize=5)
    tour("ListKeys", take=rows, Filters=mine)
    for filters in (
        [{"Key": "TagValue", "Values": ["0", "1"]}],
        [{"Key": "TagValue", "Values": ["0"]}, {"Key": "TagValue", "Values": ["1"]}],
        [{"Key": "TagValue", "Values": ["0"]}, {"Key": "KeyId", "Values": keys[:4]}],
        [{"Key": "KeyState", "Values": ["Disabled"]}],
    ):
        tour("ListKeys", take=rows, Filters=filters, PageSize=100)
    tour("ListAliasesByKeyId", KeyId=keys[0])
    many = [{"Key": f"t{number}", "Value": "v"} for number in range(19)]
    common = {"RegionId": "cn-hangzhou", "ResourceType": "key", "ResourceId": keys}
    tour("TagResources", Tag=many, **common)
    first = tour("ListTagResources", take=lambda body: len(body["TagResources"]), **common)

    def counted(body):
        return len(body["TagResources"]["TagResource"]), body["NextToken"] == ""

    tour("ListTagResources", take=counted, NextToken=first["NextToken"], **common)
    tour("ListTagResources", NextToken="made-up", **common)


def waiting_keys(tour):
    key = tour.key()
    tour("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    empty = tour.key(Origin="EXTERNAL")
    for waiting in (key, empty):
        tour(
            "ListKeys",
            take=lambda body, waiting=waiting: (
                waiting in [row["KeyId"] for row in body["Keys"]["Key"]]
            ),
            PageSize=100,
        )


def changed_keys(tour):
    one, two = tour.key(), tour.key()
    labels = {one: 1, two: 2}

    def found(name, value):
        filters = [{"Key": name, "Values": [value]}]
        tour(
            "ListKeys",
            take=lambda body: [labels.get(row["KeyId"], "other") for row in body["Keys"]["Key"]],
            Filters=filters,
        )

    tour("TagResource", KeyId=one, Tags=[{"TagKey": "late", "TagValue": "tag"}])
    found("TagKey", "late")
    tour("UntagResource", KeyId=one, TagKeys=["late"])
    found("TagKey", "late")
    tour("CreateAlias", AliasName="alias/moving", KeyId=one)
    found("AliasName", "alias/moving")
    tour("UpdateAlias", AliasName="alias/moving", KeyId=two)
    found("AliasName", "alias/moving")


def many_aliases(tour):
    key = tour.key()
    for number in range(60):
        tour("CreateAlias", AliasName=f"alias/many-{number}", KeyId=key)
    tour("ListAliasesByKeyId", take=lambda body: len(names(body)), KeyId=key, PageSize=100)


def secret_filters(tour):
    for name in ("one", "two"):
        values = {"SecretData": "x", "VersionId": "v1", "Description": f"number {name}"}
        tour("CreateSecret", SecretName=name, **values)

    def rows(body):
        return sorted(row["SecretName"] for row in body["SecretList"]["Secret"])

    for key, value in (
        ("Description", "number one"),
        ("SecretType", "Generic"),
        ("SecretType", "Rds"),
        ("SecretName", "two"),
    ):
        tour("ListSecrets", take=rows, Filters=[{"Key": key, "Values": [value]}])
