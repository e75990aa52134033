"""Who stands in a thread: the business, the customer, and people of whom the thread does not tell.

Facebook shows the business under several IDs: the Page's, that of its Instagram account, the `user_id` of
that account, and IDs of a Page that was merged or migrated. A thread with an ID of the business that we do
not know shows two people, and it is unclear who is the customer. `business.py` finds such IDs by comparing
threads; until then the people are kept in `Thread.people`, as {id: [role, name]}.

The functions run no query and have no side effects.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

from msgspec import Struct, field

from conversations.graph import records
from conversations.graph.records import Person
from conversations.lib.names import is_placeholder
from conversations.lib.text import clean
from conversations.models import Page

# The roles in `Thread.people`.
PAIR = "pair"  # one of two people, and neither is known to be the business
GROUP = "group"  # one of several people
WRITER = "writer"  # wrote a message, but is not among the people of the thread

Unclear = dict[str, list[str]]


class ThreadPeople(Struct, frozen=True):
    """The people of one record.

    `business_ids` are all IDs of the business that are known with this record, `found` those that the record
    itself shows: by the second ID or the user name of the account. `unclear` becomes `Thread.people`.
    """

    customer: Person | None
    business_ids: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()
    unclear: Unclear = field(default_factory=dict)
    is_certain: bool = False  # it lists the business and one other person
    listed: tuple[str, ...] = ()  # the IDs of its people, if they are two


def people_of(record: records.Conversation, page: Page) -> ThreadPeople:
    """Return who is who in a record."""
    messages = record.messages.messages if record.messages else []
    writers = [message.from_ for message in messages if message.from_]
    known = page.business_ids
    return _usual_people(record, writers, known) or _people(record, page, writers, known)


def _usual_people(
    record: records.Conversation, writers: list[Person], known: set[str]
) -> ThreadPeople | None:
    """Return the people of a record that lists the business and a customer, if they alone wrote messages.

    An answer has a hundred such records, and they need no further look.
    """
    if len(record.participants) != 2:
        return None
    first, second = record.participants
    business, customer = (first, second) if first.id in known else (second, first)
    is_usual = business.id in known and customer.id not in known
    if not is_usual or is_placeholder(customer.name, customer.id) or business.user_id or customer.user_id:
        return None
    if any(person.id not in (first.id, second.id) for person in writers):
        return None
    return ThreadPeople(customer, frozenset(known), is_certain=True, listed=(first.id, second.id))


def _people(record: records.Conversation, page: Page, writers: list[Person], known: set[str]) -> ThreadPeople:
    messages = record.messages.messages if record.messages else []
    readers = [person for message in messages for person in message.to]
    tiers: list[Sequence[Person]] = [record.participants, record.senders, [*writers, *readers]]
    found = _shown_ids(tiers, known, page.instagram_username)
    known |= found
    tier = next((tier for tier in tiers if any(person.id not in known for person in tier)), ())
    people = _distinct(tier, known)
    listed = tuple(_distinct(record.participants, ()))
    listed = listed if len(listed) == 2 else ()
    if not people:
        return ThreadPeople(None, frozenset(known), found, listed=listed)
    customer = min(people.values(), key=lambda person: _preference(person, page))
    has_business = any(person.id in known for person in tier)
    is_listed = tier is not tiers[2]
    unclear: Unclear = {}
    if len(people) > 1:
        unclear = _roles(PAIR if len(people) == 2 and not has_business else GROUP, people)
    elif is_listed:
        unclear = _roles(WRITER, _distinct(writers, {*known, *people}))
    is_certain = is_listed and has_business and len(people) == 1
    return ThreadPeople(_named(customer, chain(*tiers)), frozenset(known), found, unclear, is_certain, listed)


def _roles(role: str, people: dict[str, Person]) -> Unclear:
    return {clean(key): [role, clean(person.name)] for key, person in people.items()}


def _shown_ids(tiers: Sequence[Sequence[Person]], known: set[str], username: str) -> frozenset[str]:
    """Return further IDs of the business that the record shows by the account's second ID or user name."""
    people = _distinct(chain(*tiers), ())
    found = {person.user_id for person in people.values() if person.id in known and person.user_id}
    found |= {person.id for person in people.values() if person.user_id in known}
    if any(person.username for person in people.values()):
        found |= _by_username(tiers, people, known | found, username)
    return frozenset(found - known)


def _by_username(
    tiers: Sequence[Sequence[Person]], people: dict[str, Person], known: set[str], username: str
) -> set[str]:
    """Return the IDs of people with a user name of the business.

    User names are unique at one time, but the business may have changed its name and a customer may have it
    now. Therefore the only person beside a known ID of the business stays the customer.
    """
    names = {username, *(person.username for person in people.values() if person.id in known)} - {""}
    folded = {name.casefold() for name in names}
    others = {key: person for key, person in people.items() if key not in known}
    same = {key for key, person in others.items() if person.username and person.username.casefold() in folded}
    listed = _distinct(tiers[0], known)
    is_known_listed = any(person.id in known for person in tiers[0])
    return same - listed.keys() if is_known_listed and len(listed) == 1 else same


def _distinct(people: Iterable[Person], without: Iterable[str]) -> dict[str, Person]:
    """Return the people by ID, without these IDs. A person with a name replaces the same one without."""
    result: dict[str, Person] = {}
    for person in people:
        if person.id not in without and (
            person.id not in result or (person.name and not result[person.id].name)
        ):
            result[person.id] = person
    return result


def _preference(person: Person, page: Page) -> tuple[bool, int, str]:
    """The order in which people are taken for the customer. It does not depend on the order in the record."""
    is_named_as_page = bool(person.name) and person.name in (page.name, page.instagram_username)
    return is_named_as_page, len(person.id), person.id


def _named(customer: Person, people: Iterable[Person]) -> Person:
    """Return the customer with the first real name given for them, else with what is shown in its place."""
    if not is_placeholder(customer.name, customer.id):
        return customer
    names = [person.name for person in people if person.id == customer.id and person.name]
    real = (name for name in names if not is_placeholder(name, customer.id))
    return Person(customer.id, next(real, next(iter(names), "")))
