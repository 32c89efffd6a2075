"""Types that share a name inside a package are told apart; each goes to the file it belongs to."""

from __future__ import annotations

import pytest

from codegen.description import load
from codegen.expression import Reference
from codegen.name import camel, places

from .conftest import Api


def test_the_exported_or_eponymous_type_keeps_its_name(api: Api) -> None:
    api.facts["types"]["pets.owner:Pet"] = {"kind": "model", "fields": []}
    found = places(load(api.save()))
    assert found[Reference("pets.pet", "Pet")].name == "Pet"
    assert found[Reference("pets.owner", "Pet")].name == "OwnerPet"


def test_two_files_per_package(api: Api) -> None:
    found = places(load(api.folder))
    assert found[Reference("pets.pet", "Pet")].module == "types.pets._models"
    assert found[Reference("pets.pet", "Kind")].module == "types.pets._models"
    assert found[Reference("pets.pet_create_params", "Kind")].module == "types.pets._params"


def test_neither_keeps_a_name_that_both_want(api: Api) -> None:
    found = places(load(api.folder))
    assert found[Reference("pets.pet", "Kind")].name == "PetKind"
    assert found[Reference("pets.pet_create_params", "Kind")].name == "PetCreateParamsKind"


def test_a_name_that_is_taken_gets_a_line_between(api: Api) -> None:
    api.facts["types"]["pets.pet:PetKind"] = {"kind": "model", "fields": []}
    assert places(load(api.save()))[Reference("pets.pet", "Kind")].name == "Pet_Kind"


def test_an_alias_goes_where_what_it_is_made_of_is(api: Api) -> None:
    api.facts["types"]["pets.pet_create_params:Some"] = {"kind": "alias", "type": "list[pets.pet:Pet]"}
    api.facts["types"]["pets.pet_create_params:Plain"] = {"kind": "alias", "type": "Literal['a']"}
    api.facts["types"]["pets.pet_create_params:Both"] = {"kind": "alias", "type": "str | pets.pet_create_params:Kind"}
    found = places(load(api.save()))
    files = [found[Reference("pets.pet_create_params", name)].file for name in ("Some", "Plain", "Both")]
    assert files == ["_models", "_params", "_params"]


@pytest.mark.parametrize(("module", "name"), [("pets.pet_params", "PetParams"), ("file_object", "FileObject")])
def test_a_module_as_a_class_name(module: str, name: str) -> None:
    assert camel(module) == name
