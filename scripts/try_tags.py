"""Try the tags API of a running server: every endpoint, and every way it says no.

    .venv/bin/python scripts/try_tags.py                 a menu
    .venv/bin/python scripts/try_tags.py --auto          everything, one line per check; exit code 1 if any failed
    ... --url http://127.0.0.1:8000 --user NAME:PASSWORD --other NAME:PASSWORD --admin NAME:PASSWORD

The accounts are those of the demo data unless you name others: a salesperson, another one (for customers that are
not yours) and an admin. It makes customers and tags of its own, and takes them away again.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

API = "/api/v1/msg"
MISSING = 987654321

GREEN, RED, PLAIN = ("\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


class Server:
    """Calls the API and counts what was as it should be."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.passed = self.failed = 0

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, _json(response.read())
        except urllib.error.HTTPError as error:
            return error.code, _json(error.read())

    def sign_in(self, account: str) -> str:
        username, _, password = account.partition(":")
        status, body = self.call("POST", "/api/auth/login/", {"username": username, "password": password})
        if status != 200:
            sys.exit(f"{username} cannot sign in at {self.url}: {status} {body}")
        return str(body["access"])

    def check(self, what: str, answer: tuple[int, Any], status: int, expected: Any = None) -> Any:
        """Compare an answer; `expected` holds the parts of the body that matter, or is the whole of it."""
        got_status, got = answer
        parts = expected.items() if isinstance(expected, dict) and isinstance(got, dict) else ()
        same = all(key in got and got[key] == value for key, value in parts) if parts else expected in (None, got)
        if got_status == status and same:
            self.passed += 1
            print(f"  {GREEN}PASS{PLAIN} {status} {what}")
        else:
            self.failed += 1
            print(f"  {RED}FAIL{PLAIN} {what}\n       expected {status} {expected}\n       got      {got_status} {got}")
        return got


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw[:200]


def error(text: str) -> dict[str, str]:
    return {"error": text}


class Trial:
    """One customer of the user's, one of somebody else's, and three tags, for as long as the checks last."""

    def __init__(self, server: Server, wanted: argparse.Namespace) -> None:
        self.server = server
        self.token, self.other, self.admin = (
            server.sign_in(account) for account in (wanted.user, wanted.other, wanted.admin)
        )
        self.word = uuid.uuid4().hex[:6]
        self.mine, self.foreign = (self._customer(token) for token in (self.token, self.other))
        self.names = [f"{name} {self.word}" for name in ("Gold", "Silver", "Tin")]
        status, tags = server.call("POST", f"{API}/tags/", {"names": self.names}, self.token)
        if status != 201:
            sys.exit(f"Tags cannot be made: {status} {tags}")
        self.tags = [tag["id"] for tag in tags]
        _, everything = server.call("GET", f"{API}/tags/", token=self.token)
        self.system = {tag["name"]: tag["id"] for tag in everything if tag["is_system"]}
        self.path = f"{API}/customer/{self.mine}/tags/"

    def _customer(self, token: str) -> int:
        body = {"name": f"Try Tags {self.word}", "source": "whatsapp"}
        status, customer = self.server.call("POST", "/api/customers/", body, token)
        if status != 201:
            sys.exit(f"A customer cannot be made: {status} {customer}")
        return int(customer["id"])

    def clean(self) -> None:
        _, left = self.server.call("GET", f"{API}/tags/?search={self.word}", token=self.admin)
        if left:
            self.server.call("POST", f"{API}/tags/bulk-delete/", {"tag_ids": [tag["id"] for tag in left]}, self.admin)
        for customer in (self.mine, self.foreign):
            self.server.call("DELETE", f"/api/customers/{customer}/", token=self.admin)

    def call(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        return self.server.call(method, path or self.path, body, self.token)

    def has(self, *names: str) -> None:
        """Check what tags the customer has now, beside Whatsapp."""
        _, body = self.call("GET")
        found = [tag["name"] for tag in body["tags"]]
        self.server.check(
            f"     the customer has {', '.join(names) or 'none'}", (200, found), 200, [*names, "Whatsapp"]
        )

    def given(self, *ids: int) -> None:
        """Start from these tags."""
        self.call("PUT", self.path, {"tag_ids": list(ids)})


def all_tags(trial: Trial) -> None:
    check, call = trial.server.check, trial.call
    gold, silver, _ = trial.tags
    trial.given(gold, silver)
    body = check("all tags", call("GET"), 200, {"customer_id": trial.mine, "count": 3})
    keys = {"id", "name", "created_by", "created_at", "is_system"}
    check("a tag has its five fields", (200, set(body["tags"][0]) == keys), 200, True)
    check("?search=", call("GET", f"{trial.path}?search=GOLD"), 200, {"count": 1})
    body = check("?ordering=-name", call("GET", f"{trial.path}?ordering=-name"), 200)
    check("     Whatsapp comes first", (200, body["tags"][0]["name"]), 200, "Whatsapp")
    check("without the last slash", call("GET", trial.path.rstrip("/")), 200, {"count": 3})


def add(trial: Trial) -> None:
    check, call, names = trial.server.check, trial.call, trial.names
    trial.given()
    body = {"tag_ids": trial.tags}
    message = "Successfully added 3 tag(s) to customer"
    check("add three", call("POST", body=body), 200, {"message": message, "customer_id": trial.mine})
    trial.has(*names)
    check("add them again", call("POST", body=body), 200, {"message": "Successfully added 0 tag(s) to customer"})


def replace(trial: Trial) -> None:
    check, call, names = trial.server.check, trial.call, trial.names
    gold, silver, tin = trial.tags
    trial.given(gold)
    message = "Successfully replaced customer tags with 2 tag(s)"
    check("replace by two", call("PUT", body={"tag_ids": [silver, tin]}), 200, {"message": message})
    trial.has(names[1], names[2])
    message = "Successfully removed all tags from customer"
    check("clear", call("PUT", body={"tag_ids": []}), 200, {"message": message})
    trial.has()


def remove(trial: Trial) -> None:
    check, call, names = trial.server.check, trial.call, trial.names
    gold, silver, _ = trial.tags
    trial.given(*trial.tags)
    message = "Successfully removed 2 tag(s) from customer"
    check("remove two", call("DELETE", body={"tag_ids": [gold, silver]}), 200, {"message": message})
    trial.has(names[2])


def one_at_a_time(trial: Trial) -> None:
    check, call, name = trial.server.check, trial.call, trial.names[0]
    gold = trial.tags[0]
    trial.given()
    path = f"{trial.path}{gold}/"
    check("add one", call("POST", path), 200, {"message": f'Successfully added tag "{name}" to customer'})
    check("add it again", call("POST", path), 400, error("Tag already exists on customer"))
    check("remove one", call("DELETE", path), 200, {"message": f'Successfully removed tag "{name}" from customer'})
    check("remove it again", call("DELETE", path), 400, error("Tag doesn't exist on customer"))
    for method in ("POST", "DELETE"):
        expected = error(f"Tag with ID {MISSING} not found")
        check(f"{method} a tag that is not there", call(method, f"{trial.path}{MISSING}/"), 404, expected)


def bad_bodies(trial: Trial) -> None:
    check, call = trial.server.check, trial.call
    gold = trial.tags[0]
    trial.given(gold)
    for method in ("POST", "PUT", "DELETE"):
        for body in ({}, {"tag_ids": gold}, {"tag_ids": ["1"]}, {"tag_ids": [1.5]}, {"tag_ids": [True]}, [gold]):
            expected = error("tag_ids must be a list of integers")
            check(f"{method} {json.dumps(body)}", call(method, body=body), 400, expected)
        expected = error(f"Invalid tag IDs: [{MISSING}, {MISSING + 1}]")
        body = {"tag_ids": [MISSING + 1, trial.tags[1], MISSING]}
        check(f"{method} unknown ids", call(method, body=body), 400, expected)
        check(f"{method} no JSON", call(method, body=b'{"tag_ids": ['), 400)
    for method in ("POST", "DELETE"):
        check(f"{method} []", call(method, body={"tag_ids": []}), 400, error("tag_ids cannot be empty"))
    trial.has(trial.names[0])


def system_tags(trial: Trial) -> None:
    check, call = trial.server.check, trial.call
    gold = trial.tags[0]
    trial.given(gold)
    stays = error("Cannot remove system tags (Telegram, Whatsapp, Instagram)")
    follow = error("System tags follow the customer's source")
    whatsapp, telegram = trial.system["Whatsapp"], trial.system["Telegram"]
    check("remove Whatsapp", call("DELETE", body={"tag_ids": [gold, whatsapp]}), 400, stays)
    check("remove Whatsapp alone", call("DELETE", f"{trial.path}{whatsapp}/"), 400, stays)
    check("add Telegram", call("POST", body={"tag_ids": [telegram]}), 400, follow)
    check("add Telegram alone", call("POST", f"{trial.path}{telegram}/"), 400, follow)
    check("replace by Telegram", call("PUT", body={"tag_ids": [telegram]}), 400, follow)
    fixed = error("System tags cannot be modified or deleted")
    check("rename Whatsapp", call("PUT", f"{API}/tags/{whatsapp}/", {"name": "Other"}), 403, fixed)
    check("delete Whatsapp", call("DELETE", f"{API}/tags/{whatsapp}/"), 403, fixed)
    trial.has(trial.names[0])


def rights(trial: Trial) -> None:
    check, call = trial.server.check, trial.call
    gold = trial.tags[0]
    body = {"tag_ids": [gold]}
    for who, status, text in (
        (trial.foreign, 403, "You don't have permission to access this customer"),
        (MISSING, 404, "Customer not found"),
    ):
        path = f"{API}/customer/{who}/tags/"
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = call(method, path, None if method == "GET" else body)
            check(f"{method} {'of somebody else' if status == 403 else 'of nobody'}", answer, status, error(text))
        for method in ("POST", "DELETE"):
            check(f"{method} one", call(method, f"{path}{gold}/"), status, error(text))
    server = trial.server
    check("not signed in", server.call("GET", trial.path), 401)
    check("a wrong token", server.call("GET", trial.path, token="nonsense"), 401)
    check("a method that is not there", call("PATCH"), 405, error('Method "PATCH" not allowed.'))


def team(trial: Trial) -> None:
    server, check, call = trial.server, trial.server.check, trial.call
    name = f"Iron {trial.word}"
    tag = check("make a tag", call("POST", f"{API}/tags/", {"name": f"  {name} "}), 201, {"name": name})
    path = f"{API}/tags/{tag['id']}/"
    expected = error(f"A tag with this name already exists: {name.upper()}")
    check("its name is taken, whatever its case", call("POST", f"{API}/tags/", {"name": name.upper()}), 400, expected)
    for bad in ({"name": " "}, {"name": "x" * 101}, {"name": "a\u0000"}, {"names": []}, {}):
        check(f"make {json.dumps(bad)[:40]}", call("POST", f"{API}/tags/", bad), 400)
    check("one tag", call("GET", path), 200, tag)
    check("search", call("GET", f"{API}/tags/?search=IRON%20{trial.word}"), 200, [tag])
    check("by day", call("GET", f"{API}/tags/?search={trial.word}&created_at=2001-01-01"), 200, [])
    counted = [{**tag, "customer_count": 0}]
    check("with counts", call("GET", f"{API}/tags/?search=iron%20{trial.word}&with_counts=true"), 200, counted)
    check("rename", call("PUT", path, {"name": f"Steel {trial.word}"}), 200, {"name": f"Steel {trial.word}"})
    refused = error("You don't have permission to modify this tag")
    check("somebody else renames", server.call("PUT", path, {"name": "Mine"}, trial.other), 403, refused)
    check("somebody else deletes", server.call("DELETE", path, token=trial.other), 403, refused)
    gone = {"message": f"Tag 'Steel {trial.word}' deleted successfully", "tag_name": f"Steel {trial.word}"}
    check("delete", call("DELETE", path), 200, gone)
    check("delete it again", call("DELETE", path), 404, error(f"Tag with ID {tag['id']} not found"))
    _, pair = call("POST", f"{API}/tags/", {"names": [f"A {trial.word}", f"B {trial.word}"]})
    ids = [*(tag["id"] for tag in pair), trial.system["Telegram"], MISSING]
    expected_body = {
        "message": "Successfully deleted 2 tag(s)",
        "deleted_count": 2,
        "deleted_tags": [f"A {trial.word}", f"B {trial.word}"],
        "skipped_tags": ["Telegram", f"Tag IDs not found or not owned: [{MISSING}]"],
    }
    check("delete several", call("POST", f"{API}/tags/bulk-delete/", {"tag_ids": ids}), 200, expected_body)


def many_customers(trial: Trial) -> None:
    check, call = trial.server.check, trial.call
    gold = trial.tags[0]
    trial.given()
    path = f"{API}/tags/{gold}/customers/"
    ids = [trial.mine, trial.foreign, MISSING]
    for action, again in (("add", "Tag already exists on customer"), ("remove", "Tag doesn't exist on customer")):
        results = [
            {"customer_id": trial.mine, "success": True},
            {
                "customer_id": trial.foreign,
                "success": False,
                **error("You don't have permission to access this customer"),
            },
            {"customer_id": MISSING, "success": False, **error("Customer not found")},
        ]
        body = {"customer_ids": ids, "action": action}
        check(f"{action} to three customers", call("POST", path, body), 200, {"changed_count": 1, "results": results})
        results[0] = {"customer_id": trial.mine, "success": False, **error(again)}
        check(f"{action} again", call("POST", path, body), 200, {"changed_count": 0, "results": results})
    check("another action", call("POST", path, {"customer_ids": ids}), 400, error("action must be add or remove"))
    body = {"customer_ids": list(range(1, 1002)), "action": "add"}
    check("too many", call("POST", path, body), 400, error("customer_ids may hold at most 1000 integers"))


def desk(trial: Trial) -> None:
    check, call = trial.server.check, trial.call
    gold, silver, tin = trial.tags
    trial.given(gold, silver)
    for query, count in (
        (f"tag={gold}&tag={silver}", 1),
        (f"tag={gold}&tag={tin}", 0),
        (f"tag_any={gold},{tin}", 1),
        (f"tag_any={tin}", 0),
    ):
        check(f"customers by ?{query}", call("GET", f"/api/customers/?{query}"), 200, {"count": count})


PARTS: tuple[tuple[str, Callable[[Trial], None]], ...] = (
    ("GET    all tags of a customer", all_tags),
    ("POST   add tags", add),
    ("PUT    replace tags", replace),
    ("DELETE remove tags", remove),
    ("POST and DELETE one tag", one_at_a_time),
    ("Bodies that are refused", bad_bodies),
    ("System tags", system_tags),
    ("Somebody else's customers", rights),
    ("The tags themselves", team),
    ("One tag, many customers", many_customers),
    ("The desk's list by tags", desk),
)


def run(trial: Trial, parts: tuple[tuple[str, Callable[[Trial], None]], ...]) -> None:
    for title, part in parts:
        print(f"\n{title}")
        part(trial)


def menu(trial: Trial) -> None:
    while True:
        print()
        for number, (title, _) in enumerate(PARTS, 1):
            print(f"  {number:>2}  {title}")
        try:
            choice = input("   a  all of them\n   q  quit\n> ").strip().lower()
        except EOFError:
            return
        if choice == "q":
            return
        if choice == "a":
            run(trial, PARTS)
        elif choice.isdecimal() and 1 <= int(choice) <= len(PARTS):
            run(trial, PARTS[int(choice) - 1 : int(choice)])


def main() -> None:
    parser = argparse.ArgumentParser(description="Try the tags API of a running server.")
    parser.add_argument("--auto", action="store_true", help="run everything instead of showing a menu")
    parser.add_argument("--url", default=f"http://127.0.0.1:{os.environ.get('PORT', 8000)}")
    parser.add_argument("--user", default="sam:patter-demo-sam-1", help="a salesperson, as NAME:PASSWORD")
    parser.add_argument("--other", default="nadia:patter-demo-nadia-1", help="another salesperson")
    parser.add_argument("--admin", default="admin:patter-demo-admin-1", help="an admin, who clears up")
    wanted = parser.parse_args()
    server = Server(wanted.url)
    try:
        trial = Trial(server, wanted)
    except urllib.error.URLError as refused:
        sys.exit(f"No server at {wanted.url}: {refused.reason}")
    try:
        run(trial, PARTS) if wanted.auto else menu(trial)
    finally:
        trial.clean()
    print(f"\n{server.passed} passed, {server.failed} failed")
    sys.exit(1 if server.failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
