"""The description is checked when it is read, and decisions need reasons."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen.__main__ import ROOT
from codegen.description import DescriptionError, load
from codegen.expression import Reference, parse

from .conftest import Api


def test_an_operation(api: Api) -> None:
    create, listing, delete = load(api.folder).operations
    assert (create.namespace, create.resource, create.method, create.constant) == ("pets", "pets", "create", "CREATE")
    assert [p.name for p in create.parameters][-4:] == ["extra_headers", "extra_query", "extra_body", "timeout"]
    assert create.result == "pets.pet:Pet"
    assert not create.admin
    assert (listing.result, listing.admin) == (None, True)
    assert (delete.result, delete.path_names, delete.deprecated) == ("none", ("pet_id",), "pets are for ever")


def test_a_renamed_field_that_cannot_be_null_is_required(api: Api) -> None:
    fields = {f.name: f for f in load(api.folder).types[Reference("pets.pet", "Pet")].fields}
    assert (fields["async_"].required, fields["async_"].alias) == (True, "async")
    assert not fields["kind"].required


def test_an_absent_field_reads_as_none_so_its_type_says_so(api: Api) -> None:
    api.facts["types"]["pets.pet_event:Born"]["fields"][0]["required"] = False
    born = load(api.save()).types[Reference("pets.pet_event", "Born")]
    assert born.fields[0].type == parse("int | None")


def test_a_decision_without_a_reason(api: Api) -> None:
    del api.overlay["operations"]["pets.delete"]["reason"]
    with pytest.raises(DescriptionError, match=r"decision about pets\.delete has no reason"):
        load(api.save())


def test_a_decision_about_nothing(api: Api) -> None:
    api.overlay["operations"]["pets.feed"] = {"reason": "hunger"}
    with pytest.raises(DescriptionError, match=r"speaks of pets\.feed"):
        load(api.save())


def test_an_argument_without_a_place_in_the_request(api: Api) -> None:
    api.facts["operations"]["pets.list"]["query"] = []
    with pytest.raises(DescriptionError, match=r"pets\.list: .*limit"):
        load(api.save())


@pytest.mark.parametrize("path", sorted((ROOT / "api").glob("*.json")), ids=lambda path: path.stem)
def test_the_files_are_in_one_form_so_that_changes_show_alone(path: Path) -> None:
    text = path.read_text()
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test_the_repository_describes_436_operations() -> None:
    description = load(ROOT / "api")
    assert len(description.operations) == 436
    assert len(description.types) > 5_000
