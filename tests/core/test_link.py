"""Attributes that lead to other resources: which class, from where, made for whom, and how often."""

from __future__ import annotations

from typing import Any

from antiphon.core.link import child, same, top, twin
from antiphon.core.resource import Resource


class Toys:
    def __init__(self, start: Any) -> None:
        self.start = start


class PetsAsSeen:
    toys: ToysAsSeen = same()

    def __init__(self, resource: Any) -> None:
        self._resource = resource


class ToysAsSeen(Toys): ...


class Pets:
    toys: Toys = child()
    as_seen: PetsAsSeen = twin()

    def __init__(self) -> None:
        self._client = "client"


class Client:
    pets: Toys = top("")
    elsewhere: Resource = top("antiphon.core.resource")


def test_a_child_is_made_once_for_the_same_client() -> None:
    pets = Pets()
    assert type(pets.toys) is Toys
    assert pets.toys.start == "client"
    assert pets.toys is pets.toys
    assert Pets().toys is not pets.toys


def test_a_resource_of_a_client_is_made_for_the_client() -> None:
    client = Client()
    assert client.pets.start is client
    assert type(client.elsewhere).__module__ == "antiphon.core.resource"


def test_a_twin_is_made_of_the_resource_and_not_kept() -> None:
    pets = Pets()
    assert pets.as_seen._resource is pets
    assert pets.as_seen is not pets.as_seen
    assert "as_seen" not in vars(pets)


def test_a_twins_child_is_the_twin_of_the_child() -> None:
    pets = Pets()
    seen = pets.as_seen.toys
    assert type(seen) is ToysAsSeen
    assert seen.start is pets.toys


def test_a_subclass_leads_where_its_parent_does() -> None:
    class Own(Pets): ...

    assert type(Own().toys) is Toys


def test_on_the_class_it_says_what_it_is() -> None:
    assert repr(Pets.toys) == "<Pets.toys: Toys>"
