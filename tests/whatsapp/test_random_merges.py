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
from tests.webhooks import says, text
from whatsapp.models import Identity
from whatsapp.sandbox import transport as sandbox

SEQUENCES, SEED = int(os.environ.get("SEQUENCES", "12")), int(os.environ.get("SEED", "1"))
STEPS = 14
PHONES = [f"+9477000000{n}" for n in range(4)]


class Model:
    """Who is who. Rows are named by the ids that the database gives them."""

    def __init__(self) -> None:
        self.alive: set[int] = set()
        # Who writes from an address, in whose chat a message is, who is found by a phone.
        self.chat: dict[str, int] = {}
        self.said: dict[str, int] = {}
        self.route: dict[str, int] = {}
        # What a row shows as its phone.
        self.shown: dict[int, str | None] = {}
        self.logins: set[int] = set()
        self.claims: dict[int, str] = {}
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

    def can_undo(self, pk: int) -> bool:
        """Not merged since. Who took a phone of theirs meanwhile has a test of its own."""
        into, theirs = self.merges[pk]["rows"][1], self.merges[pk]["shown"][0]
        return into in self.alive and self.route.get(theirs, into) == into

    def _of(self, name: str, row: int) -> list[str]:
        return [key for key, holder in getattr(self, name).items() if holder == row]


class World:
    """Does each step over HTTP, and in the model."""

    def __init__(self, admin: APIClient, post: Any, client_of: ClientOf, rng: random.Random) -> None:
        self.admin, self.post, self.client_of, self.rng = admin, post, client_of, rng
        self.model, self.count, self.did = Model(), 0, []

    def step(self) -> None:
        steps = [self.write, self.write, self.write, self.correct, self.merge, self.merge, self.undo, self.undo]
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
                client, body = self.client_of(customer.user), {"code": sandbox.codes_sent[-1][1]}
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
        assert dict(Identity.objects.values_list("wa_id", "customer")) == model.chat
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
        for said in self.model.said:
            assert said not in given or said.endswith(f"from {(own or '?')[1:]}"), said


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
