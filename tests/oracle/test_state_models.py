"""Models that state machines walk beside, and what two reasons for a refusal make of each other."""

from conformance.oracle.access_model import AccessModel
from conformance.oracle.alias_model import PENDING, TAKEN, UNKNOWN, AliasModel
from conformance.oracle.expected import ANYTHING, OK, refused
from conformance.oracle.material_model import BAD_TOKEN, MaterialModel
from conformance.oracle.secret_life_model import SecretLifeModel
from conformance.oracle.tag_model import TagModel
from conformance.oracle.version_model import VersionModel


def test_two_reasons_together():
    assert OK & OK == OK
    assert OK & refused("A") == refused("A")
    assert refused("B") & refused("A") == refused("A", "B")
    assert refused("A") & refused() == refused()
    assert OK & ANYTHING == ANYTHING
    assert refused("A") & ANYTHING == refused()


def test_aliases():
    model = AliasModel(["one", "two"])
    assert model.creates("name", "one") == OK
    assert model.deletes("name") == model.updates("name", "one") == refused(UNKNOWN)
    model.holders["name"] = "one"
    assert model.creates("name", "one") == ANYTHING
    assert model.creates("name", "two") == refused(TAKEN)
    assert model.names_of("one") == {"name"}
    model.keys["two"].moved("ScheduleKeyDeletion", "PendingDeletion")
    assert model.updates("name", "two") == refused(*PENDING)
    assert set(model.creates("name", "two").codes) == {TAKEN, *PENDING}
    assert set(model.updates("other", "two").codes) == {UNKNOWN, *PENDING}


def test_material():
    model = MaterialModel()
    assert model.expects("Encrypt") == refused("Rejected.PendingImport")
    assert model.imports("first", own_token=True) == OK
    assert model.imports("first", own_token=False) == refused(BAD_TOKEN)
    model.moved("ImportKeyMaterial", "Enabled", "first")
    assert model.bound == "first"
    assert model.imports("second", own_token=True) == refused()
    assert model.imports("first", own_token=True) == OK
    model.moved("DeleteKeyMaterial", "PendingImport")
    assert (model.bound, model.expects("Decrypt")) == ("first", refused("Rejected.PendingImport"))


def test_a_life_of_a_secret():
    model = SecretLifeModel()
    assert model.expects("RestoreSecret") == refused("Forbidden.ResourceNotFound")
    model.created("v1", "one", "text")
    model.put("v2", "two")
    assert model.expects("CreateSecret") == refused("Rejected.ResourceExist")
    assert model.expects("RestoreSecret") == refused("Rejected.ResourceInUse")
    model.life = "waiting"
    assert model.expects("UpdateSecret") == refused("Rejected.ResourceInDeleteWindow")
    assert model.expects("RestoreSecret") == OK
    model.removed()
    assert (model.values, model.expects("CreateSecret")) == ({}, OK)


def test_tags_versions_and_access():
    tags = TagModel(["one", "two"])
    tags.tagged(["one", "two"], {"a": "1", "b": "2"})
    tags.tagged(["one"], {"a": "3"})
    tags.untagged(["one", "two"], ["b", "c"])
    assert tags.tags == {"one": {"a": "3"}, "two": {"a": "1"}}
    tags.untagged(["one"], None)
    assert tags.tags["one"] == {}
    versions = VersionModel({"one": ["v1", "v2"]})
    assert (versions.primary("one"), versions.is_new("v1")) == ("v2", False)
    access = AccessModel()
    access.created("point", {"Description": "text"})
    access.client_keys["point"] = ["k1", "k2", "k3"]
    assert access.adds_key("point") == access.adds_key("nowhere") == refused()
    access.deleted("point")
    assert access.names("point") == refused("Forbidden.ResourceNotFound")
