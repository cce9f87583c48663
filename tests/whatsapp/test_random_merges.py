"""Random sequences of what makes two rows of a person and one of two, against a small model of who is who.

`SEQUENCES=500 SEED=1` runs as many, from there.
"""

import os
import random
import zipfile
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customers.actions.phones import send_phone_code
from customers.actions.registration import register
from customers.export import archive
from customers.models import Customer, Event
from messaging.models import Conversation, Message
from tests.cast import ClientOf
from tests.desk.copies import wrong_copies
from tests.phone_codes import last_code
from tests.webhooks import says, text
from whatsapp.models import Identity

SEQUENCES, SEED = int(os.environ.get("SEQUENCES", "12")), int(os.environ.get("SEED", "1"))
STEPS = 14
PHONES = [f"+9477000000{n}" for n in range(4)]
HIDDEN = ["LK.Ann", "LK.Ben"]


class Model:
    """Who is who. Rows are named by the ids that the database gives them."""

    def __init__(self) -> None:
        self.alive: set[int] = set()
        # Who writes from an address (a wa_id or a user id), in whose chat a message is, who is found by a phone.
        self.chat: dict[str, int] = {}
        self.said: dict[str, int] = {}
        self.route: dict[str, int] = {}
        # What a row shows as its phone.
        self.shown: dict[int, str | None] = {}
        self.logins: set[int] = set()
        self.claims: dict[int, str] = {}
        # User ids of people whose phone is proved to be theirs.
        self.shared: dict[str, str] = {}
        self.merges: dict[int, dict[str, Any]] = {}

    def merge(self, pk: int, gone: int, into: int) -> None:
        self.merges[pk] = {
            "rows": (gone, into),
            "moved": [(name, key) for name in ("chat", "said", "route") for key in self._of(name, gone)],
            "shown": (self.shown[gone], self.shown[into]),
            "login": gone in self.logins,
        }
        for name, key in self.merges[pk]["moved"]:
            getattr(self, name)[key] = into
        self.shown[into] = self.shown[into] or self.shown[gone]
        self.merges[pk]["after"] = self.shown[into]
        if gone in self.logins:
            self.logins = (self.logins - {gone}) | {into}
        self.alive.remove(gone)

    def undo(self, pk: int) -> None:
        merge = self.merges.pop(pk)
        gone, into = merge["rows"]
        theirs, mine = merge["shown"]
        own = self.shown[into]
        if own != mine and own in (merge["after"], theirs):
            self.route.pop(own or "", None)
            self.shown[into] = mine if mine is None or self.route.get(mine) in (None, into) else None
            if self.shown[into] is not None:
                self.route[mine] = into
        for name, key in merge["moved"]:
            rows = getattr(self, name)
            if rows.get(key) == into and not (name == "route" and key == self.shown[into]):
                rows[key] = gone
        if theirs is not None:
            self.route[theirs] = gone
        if merge["login"] and into in self.logins:
            self.logins = (self.logins - {into}) | {gone}
        self.alive.add(gone)

    def reach(self, row: int, phone: str) -> None:
        """A row is at another phone from now on."""
        self.route.pop(self.shown[row] or "", None)
        self.shown[row], self.route[phone] = phone, row

    def keep(self, row: int) -> None:
        """No merge into a row is undone from here on: ids that two identities had in turn are beyond this model."""
        self.merges = {pk: merge for pk, merge in self.merges.items() if row not in merge["rows"]}

    def can_undo(self, pk: int) -> bool:
        """Not merged since. Who took a phone of theirs meanwhile has a test of its own."""
        into, theirs = self.merges[pk]["rows"][1], self.merges[pk]["shown"][0]
        return into in self.alive and self.route.get(theirs, into) == into

    def _of(self, name: str, row: int) -> list[str]:
        return [key for key, holder in getattr(self, name).items() if holder == row]


def hidden(item: dict[str, Any], user_id: str) -> dict[str, Any]:
    """A message whose sender's phone WhatsApp does not show."""
    return {name: value for name, value in item.items() if name != "from"} | {"from_user_id": user_id}


def _person(user_id: str) -> str:
    """Who has an id, whichever id that is by now."""
    return user_id if user_id.isdigit() else user_id.rstrip("0123456789")


class World:
    """Does each step over HTTP, and in the model."""

    def __init__(self, admin: APIClient, post: Any, client_of: ClientOf, rng: random.Random) -> None:
        self.admin, self.post, self.client_of, self.rng = admin, post, client_of, rng
        self.model, self.count, self.did = Model(), 0, []
        self.hidden = list(HIDDEN)

    def step(self) -> None:
        steps = [self.write, self.write, self.write, self.correct, self.merge, self.merge, self.undo, self.undo]
        steps += [
            self.write_hidden,
            self.write_hidden,
            self.share,
            self.share,
            self.share,
            self.change_number,
            self.change_id,
        ]
        self.rng.choice([*steps, self.register, self.prove])()
        self.check()

    def write(self) -> None:
        model, phone = self.model, self.rng.choice(PHONES)
        address = phone[1:]
        self.count += 1
        said = f"message {self.count} from {address}"
        self.did.append(f"write {address}")
        expected = model.chat.get(address) or model.route.get(phone)
        assert self.post(says(text(f"wamid.{self.count}", said, wa_id=address))).status_code == 200
        row = Message.objects.get(text=said).customer_id
        if expected is None:
            assert row not in model.shown, f"{said} is in the chat of somebody who is there already"
            # Their phone is somebody else's by now, whom staff gave it: then they have none.
            self._add(row, phone)
        else:
            assert row == expected, said
        model.chat[address] = model.said[said] = row

    def write_hidden(self) -> None:
        """Somebody whose phone WhatsApp does not show writes."""
        model, user_id = self.model, self.rng.choice(self.hidden)
        self.count += 1
        said = f"message {self.count} from {user_id}"
        self.did.append(f"write {user_id}")
        assert self.post(says(hidden(text(f"wamid.{self.count}", said), user_id))).status_code == 200
        row = Message.objects.get(text=said).customer_id
        if user_id not in model.chat:
            assert row not in model.shown, f"{said} is in the chat of somebody who is there already"
            self._add(row, None)
        else:
            assert row == model.chat[user_id], said
        model.chat[user_id] = model.said[said] = row

    def share(self) -> None:
        """Somebody shares their phone because we asked: it is theirs, and whoever has it without a login is them."""
        model, user_id, phone = self.model, self.rng.choice(self.hidden), self.rng.choice(PHONES)
        row = model.chat.get(user_id)
        other = model.route.get(phone, model.chat.get(phone[1:]))
        if row is None or user_id in model.shared or other in model.logins - {row}:
            return
        self.count += 1
        self.did.append(f"{user_id} of {row} shares {phone} of {other}")
        card = {"phones": [{"phone": f"{phone}", "wa_id": phone[1:]}], "origin": "contact_request"}
        item = {**hidden(text(f"wamid.{self.count}"), user_id), "type": "contacts", "contacts": [card]}
        assert self.post(says(item)).status_code == 200
        into = Message.objects.get(wamid=f"wamid.{self.count}").customer_id
        assert into in (row, other), self.did[-1]
        gone = row if into == other else other
        if other not in (None, row):
            model.merge(0, gone, into)
            if model.shown[gone] == phone:
                model.shown[into] = phone  # as in any merge, the other phone is still theirs
        model.keep(into)
        if model.shown[into] != phone:
            model.reach(into, phone)
        model.chat[phone[1:]] = model.said[phone] = into
        # Only one message of the model may have the text.
        Message.objects.filter(wamid=f"wamid.{self.count}").update(text=f"{phone} number {self.count}")
        del model.said[phone]
        model.said[f"{phone} number {self.count}"] = into
        model.shared[user_id] = phone[1:]

    def change_number(self) -> None:
        """Somebody has a new number, from which nobody wrote yet."""
        model = self.model
        old, new = self.rng.sample(PHONES, 2)
        row = model.chat.get(old[1:])
        if row is None or new[1:] in model.chat or old[1:] in model.shared.values():
            return
        said = self._notice(old[1:], "user_changed_number", wa_id=new[1:])
        model.said[said] = model.chat[new[1:]] = row
        del model.chat[old[1:]]
        model.keep(row)
        if model.shown[row] in (old, None) and model.route.get(new, row) == row:
            model.reach(row, new)

    def change_id(self) -> None:
        """Meta gives somebody a new user id. The old one is never used again."""
        model, old = self.model, self.rng.choice(self.hidden)
        row = model.chat.get(old)
        if row is None:
            return
        new = f"{_person(old)}{self.count}"
        said = self._notice("", "user_changed_user_id", user_id=new, previous_user_id=old)
        model.said[said] = row
        for names in [model.chat, model.shared]:
            if old in names:
                names[new] = names.pop(old)
        self.hidden[self.hidden.index(old)] = new
        model.keep(row)

    def _notice(self, sent_from: str, kind: str, **ids: str) -> str:
        """Post what Meta says of a change, and return the text that stands in the chat."""
        self.count += 1
        self.did.append(f"{kind} {sent_from} {ids}")
        said = f"notice {self.count} of {sent_from or ids['previous_user_id']}"
        system = {"body": said, "type": kind, **ids}
        item = {"from": sent_from, "id": f"wamid.{self.count}", "timestamp": "1763700000", "type": "system"}
        assert self.post(says({**item, "system": system})).status_code == 200
        return said

    def correct(self) -> None:
        model = self.model
        if not model.alive:
            return
        row, phone = self.rng.choice(sorted(model.alive)), self.rng.choice(PHONES)
        if model.chat.get(phone[1:], row) != row:
            return
        self.did.append(f"correct {row} to {phone}")
        answer = self.admin.patch(f"/api/customers/{row}/", {"phone": phone})
        if model.route.get(phone, row) != row:
            assert answer.status_code == 400, answer.content
            return
        assert answer.status_code == 200, answer.content
        former = model.shown[row]
        if former is not None and former != phone:
            del model.route[former]
        model.shown[row], model.route[phone] = phone, row

    def merge(self) -> None:
        model = self.model
        if len(model.alive) < 2:
            return
        gone, into = self.rng.sample(sorted(model.alive), 2)
        self.did.append(f"merge {gone} into {into}")
        answer = self.admin.post(f"/api/customers/{gone}/merge/", {"into": into})
        if {gone, into} <= model.logins:
            assert answer.status_code == 400, answer.content
            return
        assert answer.status_code == 200, answer.content
        model.merge(answer.json()["merge"], gone, into)

    def undo(self) -> None:
        model = self.model
        if not model.merges:
            return
        pk = self.rng.choice(sorted(model.merges))
        self.did.append(f"undo {model.merges[pk]['rows']}")
        if model.merges[pk]["rows"][1] not in model.alive:
            assert self.admin.post(f"/api/customers/merges/{pk}/undo/").json()["code"] == "merged_since"
        elif model.can_undo(pk):
            assert self.admin.post(f"/api/customers/merges/{pk}/undo/").status_code == 200
            model.undo(pk)

    def register(self) -> None:
        """With a phone that somebody without a login has."""
        model, phone = self.model, self.rng.choice(PHONES)
        if model.route.get(phone) in {None, *model.logins}:
            return
        self.count += 1
        name = f"person{self.count}"
        customer = register(username=name, email=f"{name}@example.com", password="Quiet-River-88", phone=phone)
        self.did.append(f"register {customer.pk} with {phone}")
        self._add(customer.pk, None)
        model.logins.add(customer.pk)
        model.claims[customer.pk] = phone

    def prove(self) -> None:
        model = self.model
        # What staff entered since takes the place of a claim.
        waiting = set(Customer.objects.exclude(pending_phone="").values_list("pk", "pending_phone"))
        for row, phone in sorted(waiting & model.claims.items()):
            holder = model.route.get(phone)
            if row in model.alive & model.logins and holder not in (None, row) and holder not in model.logins:
                self.did.append(f"prove {phone} for {row}")
                customer = Customer.objects.get(pk=row)
                assert customer.user is not None
                send_phone_code(customer=customer)
                client, body = self.client_of(customer.user), {"code": last_code()}
                answer = client.post("/api/customers/customers/verify_phone/", body)
                assert (answer.status_code, answer.json().get("id")) == (200, holder), answer.content
                pk = max(row["id"] for row in self.admin.get(f"/api/customers/{holder}/merges/").json())
                model.merge(pk, row, holder)
                del model.claims[row]
                return

    def _add(self, row: int, phone: str | None) -> None:
        self.model.alive.add(row)
        self.model.shown[row] = phone
        if phone is not None:
            self.model.route[phone] = row

    def check(self) -> None:
        model = self.model
        assert set(Customer.objects.values_list("pk", flat=True)) == model.alive
        ids = [(row.customer_id, one) for row in Identity.objects.all() for one in (row.wa_id, row.user_id) if one]
        assert {one: customer for customer, one in ids} == model.chat
        assert not wrong_copies()
        assert dict(Message.objects.values_list("text", "customer")) == model.said
        found = {phone: Customer.objects.holding_phone([phone]) for phone in PHONES}
        assert {phone: row.pk for phone, row in found.items() if row is not None} == model.route
        for chat in Conversation.objects.filter(customer__in=model.alive).exclude(last_address=None):
            assert model.chat[chat.last_address or ""] == chat.customer_id
        for customer in Customer.objects.exclude(user=None):
            assert customer.pk in model.logins
            self.check_export(customer)
        for row in model.alive:
            seqs = list(Event.objects.filter(customer=row).order_by("seq").values_list("seq", flat=True))
            assert seqs == list(range(1, len(seqs) + 1))

    def check_export(self, customer: Customer) -> None:
        """Only what came from a phone that they proved is given to people themselves."""
        with zipfile.ZipFile(archive(customer, for_themselves=True)) as archived:
            given = b"".join(archived.read(name) for name in archived.namelist()).decode()
        own = customer.phone if customer.phone_verified else None
        proved = {(own or "?")[1:]}
        proved |= {_person(user_id) for user_id, address in self.model.shared.items() if address in proved}
        for said in self.model.said:
            assert said not in given or _person(said.split()[-1]) in proved or said.startswith("+"), said


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(SEED, SEED + SEQUENCES))
def test_nobody_is_mistaken_for_somebody_else(
    seed: int, as_admin: APIClient, owner: User, post: Any, client_of: ClientOf, settings: Any
) -> None:
    settings.THROTTLE_PHONE_CODE = "1000/s"
    world = World(as_admin, post, client_of, random.Random(seed))
    for _ in range(STEPS):
        try:
            world.step()
        except AssertionError as error:
            raise AssertionError("\n".join([*world.did, str(error)]))
