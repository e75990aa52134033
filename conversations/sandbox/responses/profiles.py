"""The profile of somebody who has written to the Page: GET /{person-id}."""

from typing import Any

from conversations.sandbox.data.people import Person
from conversations.sandbox.switches import Switches

from .error_responses import GraphFailure, unknown_field
from .fields import Field

PUBLIC = ("id", "name", "picture")  # shown of Pages, too, and of people whose profile is not
INSTAGRAM = ("name", "username", "profile_pic")


def profile(person: Person, fields: tuple[Field, ...], switches: Switches) -> dict[str, Any]:
    names = [field.name for field in fields]
    private = [name for name in names if name not in PUBLIC]
    if person.is_page and private:
        raise unknown_field(private[0], "Page")
    if switches.profiles == "refused" or (switches.profiles == "public" and private):
        message = "(#100) No profile available for this user."
        raise GraphFailure(100, message, subcode=2018218)
    values = _values(person)
    return {name: values[name] for name in names if values.get(name)} | {"id": person.id}


def _values(person: Person) -> dict[str, Any]:
    picture = f"https://platform-lookaside.fbsbx.example/{person.id}.jpg"
    if person.username is not None:
        return {"name": person.name, "username": person.username, "profile_pic": picture}
    name = person.shown_name if isinstance(person.shown_name, str) else ""
    first, _, last = name.rpartition(" ")
    return {
        "name": name,
        "first_name": first or last,
        "last_name": last if first else "",
        "profile_pic": picture,
        "picture": {"data": {"url": picture, "is_silhouette": not name, "height": 480, "width": 480}},
    }
