"""Try the tags API of a running server: every endpoint, and every way it refuses a request.

    .venv/bin/python scripts/try_tags.py                 shows a menu
    .venv/bin/python scripts/try_tags.py --auto          runs all checks, one line each; exit code 1 if any failed
    ... --url http://127.0.0.1:8000 --user NAME:PASSWORD --other NAME:PASSWORD --admin NAME:PASSWORD

Unless you name other accounts, it signs in with those of the demo data: a salesperson, another salesperson (whose
customers the first one may not touch) and an admin. It creates its own customers and tags and deletes them at the end.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from typing import Any

API = "/api/v1/msg"
MISSING = 987654321
FOREIGN_CUSTOMER = {"error": "You don't have permission to access this customer"}
NO_CUSTOMER = {"error": "Customer not found"}
HAS_TAG = {"error": "Tag already exists on customer"}
LACKS_TAG = {"error": "Tag doesn't exist on customer"}

GREEN, RED, PLAIN = ("\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("", "", "")

Answer = tuple[int, Any]  # status and body


class Trial:
    """Calls the API and counts what passed. Has one customer of the user's, one of somebody else's, and three tags."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.url = options.url.rstrip("/")
        self.passed = self.failed = 0
        # The access tokens; calls are the user's unless they name another.
        self.user, self.other, self.admin = map(self._sign_in, (options.user, options.other, options.admin))
        self.word = uuid.uuid4().hex[:6]  # marks what this run creates
        self.mine, self.foreign = map(self._new_customer, (self.user, self.other))
        self.names = [f"{name} {self.word}" for name in ("Gold", "Silver", "Tin")]
        tags = self._must("create tags", self.call("POST", f"{API}/tags/", {"names": self.names}), 201)
        self.tags = [tag["id"] for tag in tags]
        self.system = {tag["name"]: tag["id"] for tag in self.call("GET", f"{API}/tags/")[1] if tag["is_system"]}
        self.path = f"{API}/customer/{self.mine}/tags/"

    def call(self, method: str, path: str = "", body: Any = None, token: str | None = None) -> Answer:
        """Send a request, by default about the tags of the user's customer. An empty token sends none."""
        request = urllib.request.Request(self.url + (path or self.path), method=method)
        if token := self.user if token is None else token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, _decoded(response.read())
        except urllib.error.HTTPError as refusal:
            return refusal.code, _decoded(refusal.read())

    def check(self, what: str, answer: Answer, status: int, expected: Any = None) -> Any:
        """Compare an answer and return its body. `expected` is the whole body, or those fields that matter."""
        got_status, got = answer
        if isinstance(expected, dict) and isinstance(got, dict):
            same = expected.items() <= got.items()
        else:
            same = expected in (None, got)
        if got_status == status and same:
            self.passed += 1
            print(f"  {GREEN}PASS{PLAIN} {status} {what}")
        else:
            self.failed += 1
            print(f"  {RED}FAIL{PLAIN} {what}\n       expected {status} {expected}\n       got      {got_status} {got}")
        return got

    def start_from(self, *tag_ids: int) -> None:
        """Give the customer these tags and no others."""
        self.call("PUT", body={"tag_ids": list(tag_ids)})

    def check_tags(self, *names: str) -> None:
        """Check which tags the customer has now, besides Whatsapp."""
        status, body = self.call("GET")
        found = [tag["name"] for tag in body["tags"]]
        self.check(f"     the customer has {', '.join(names) or 'none'}", (status, found), 200, [*names, "Whatsapp"])

    def clean_up(self) -> None:
        _, left = self.call("GET", f"{API}/tags/?search={self.word}", token=self.admin)
        if left:
            self.call("POST", f"{API}/tags/bulk-delete/", {"tag_ids": [tag["id"] for tag in left]}, self.admin)
        for customer in (self.mine, self.foreign):
            self.call("DELETE", f"/api/customers/{customer}/", token=self.admin)

    def _sign_in(self, account: str) -> str:
        username, _, password = account.partition(":")
        answer = self.call("POST", "/api/auth/login/", {"username": username, "password": password}, token="")
        return str(self._must(f"sign in as {username}", answer, 200)["access"])

    def _new_customer(self, token: str) -> int:
        body = {"name": f"Try Tags {self.word}", "source": "whatsapp"}
        return int(self._must("create a customer", self.call("POST", "/api/customers/", body, token), 201)["id"])

    def _must(self, what: str, answer: Answer, status: int) -> Any:
        """The body of an answer without which nothing can be tried."""
        if answer[0] != status:
            sys.exit(f"Cannot {what} at {self.url}: {answer[0]} {answer[1]}")
        return answer[1]


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw[:200]


def error(text: str) -> dict[str, str]:
    return {"error": text}


def list_tags(trial: Trial) -> None:
    check, call = trial.check, trial.call
    gold, silver, _ = trial.tags
    trial.start_from(gold, silver)
    body = check("all tags", call("GET"), 200, {"customer_id": trial.mine, "count": 3})
    fields = {"id", "name", "created_by", "created_at", "is_system"}
    check("     a tag has its five fields", (200, set(body["tags"][0])), 200, fields)
    check("?search=", call("GET", f"{trial.path}?search=GOLD"), 200, {"count": 1})
    body = check("?ordering=-name", call("GET", f"{trial.path}?ordering=-name"), 200)
    check("     Whatsapp comes first", (200, body["tags"][0]["name"]), 200, "Whatsapp")
    check("?ordering= with an unknown field", call("GET", f"{trial.path}?ordering=colour"), 400)
    check("without the slash at the end", call("GET", trial.path.rstrip("/")), 200, {"count": 3})


def add(trial: Trial) -> None:
    check, call = trial.check, trial.call
    trial.start_from()
    body = {"tag_ids": trial.tags}
    added = {"message": "Successfully added 3 tag(s) to customer", "customer_id": trial.mine}
    check("add three tags", call("POST", body=body), 200, added)
    trial.check_tags(*trial.names)
    check("add them again", call("POST", body=body), 200, {"message": "Successfully added 0 tag(s) to customer"})


def replace(trial: Trial) -> None:
    check, call = trial.check, trial.call
    gold, silver, tin = trial.tags
    trial.start_from(gold)
    replaced = {"message": "Successfully replaced customer tags with 2 tag(s)"}
    check("replace all with two tags", call("PUT", body={"tag_ids": [silver, tin]}), 200, replaced)
    trial.check_tags(*trial.names[1:])
    removed = {"message": "Successfully removed all tags from customer"}
    check("replace all with nothing", call("PUT", body={"tag_ids": []}), 200, removed)
    trial.check_tags()


def remove(trial: Trial) -> None:
    trial.start_from(*trial.tags)
    removed = {"message": "Successfully removed 2 tag(s) from customer"}
    trial.check("remove two tags", trial.call("DELETE", body={"tag_ids": trial.tags[:2]}), 200, removed)
    trial.check_tags(trial.names[2])


def one_at_a_time(trial: Trial) -> None:
    check, call, name = trial.check, trial.call, trial.names[0]
    trial.start_from()
    path = f"{trial.path}{trial.tags[0]}/"
    check("add one tag", call("POST", path), 200, {"message": f'Successfully added tag "{name}" to customer'})
    check("add it again", call("POST", path), 400, HAS_TAG)
    check("remove one tag", call("DELETE", path), 200, {"message": f'Successfully removed tag "{name}" from customer'})
    check("remove it again", call("DELETE", path), 400, LACKS_TAG)
    for method in ("POST", "DELETE"):
        expected = error(f"Tag with ID {MISSING} not found")
        check(f"{method} a tag that does not exist", call(method, f"{trial.path}{MISSING}/"), 404, expected)


def bad_bodies(trial: Trial) -> None:
    check, call, gold = trial.check, trial.call, trial.tags[0]
    trial.start_from(gold)
    not_a_list = error("tag_ids must be a list of integers")
    unknown_ids = {"tag_ids": [MISSING + 1, trial.tags[1], MISSING]}
    unknown = error(f"Invalid tag IDs: [{MISSING}, {MISSING + 1}]")
    for method in ("POST", "PUT", "DELETE"):
        for body in ({}, {"tag_ids": gold}, {"tag_ids": ["1"]}, {"tag_ids": [1.5]}, {"tag_ids": [True]}, [gold]):
            check(f"{method} {json.dumps(body)}", call(method, body=body), 400, not_a_list)
        check(f"{method} unknown ids", call(method, body=unknown_ids), 400, unknown)
        check(f"{method} broken JSON", call(method, body=b'{"tag_ids": ['), 400)
    for method in ("POST", "DELETE"):
        check(f"{method} an empty list", call(method, body={"tag_ids": []}), 400, error("tag_ids cannot be empty"))
    trial.check_tags(trial.names[0])


def system_tags(trial: Trial) -> None:
    check, call, gold = trial.check, trial.call, trial.tags[0]
    trial.start_from(gold)
    whatsapp, telegram = trial.system["Whatsapp"], trial.system["Telegram"]
    stays = error("Cannot remove system tags (Telegram, Whatsapp, Instagram)")
    check("remove Whatsapp with another tag", call("DELETE", body={"tag_ids": [gold, whatsapp]}), 400, stays)
    check("remove Whatsapp alone", call("DELETE", f"{trial.path}{whatsapp}/"), 400, stays)
    follows = error("System tags follow the customer's source")
    check("add Telegram in a list", call("POST", body={"tag_ids": [telegram]}), 400, follows)
    check("add Telegram alone", call("POST", f"{trial.path}{telegram}/"), 400, follows)
    check("replace all with Telegram", call("PUT", body={"tag_ids": [telegram]}), 400, follows)
    fixed = error("System tags cannot be modified or deleted")
    check("rename Whatsapp", call("PUT", f"{API}/tags/{whatsapp}/", {"name": "Other"}), 403, fixed)
    check("delete Whatsapp", call("DELETE", f"{API}/tags/{whatsapp}/"), 403, fixed)
    trial.check_tags(trial.names[0])


def rights(trial: Trial) -> None:
    check, call, gold = trial.check, trial.call, trial.tags[0]
    for customer, what, status, refusal in (
        (trial.foreign, "somebody else's customer", 403, FOREIGN_CUSTOMER),
        (MISSING, "no such customer", 404, NO_CUSTOMER),
    ):
        path = f"{API}/customer/{customer}/tags/"
        for method in ("GET", "POST", "PUT", "DELETE"):
            body = None if method == "GET" else {"tag_ids": [gold]}
            check(f"{method}, {what}", call(method, path, body), status, refusal)
        for method in ("POST", "DELETE"):
            check(f"{method} one tag, {what}", call(method, f"{path}{gold}/"), status, refusal)
    check("not signed in", call("GET", token=""), 401)
    check("a wrong token", call("GET", token="nonsense"), 401)
    check("a method that does not exist", call("PATCH"), 405, error('Method "PATCH" not allowed.'))


def team_tags(trial: Trial) -> None:
    check, call, word = trial.check, trial.call, trial.word
    name, renamed = f"Iron {word}", f"Steel {word}"
    tag = check("create a tag", call("POST", f"{API}/tags/", {"name": f"  {name} "}), 201, {"name": name})
    taken = error(f"A tag with this name already exists: {name.upper()}")
    check("create it again in capitals", call("POST", f"{API}/tags/", {"name": name.upper()}), 400, taken)
    for bad in ({"name": " "}, {"name": "x" * 101}, {"name": "a\u0000"}, {"names": []}, {}):
        check(f"create {json.dumps(bad)[:40]}", call("POST", f"{API}/tags/", bad), 400)
    path = f"{API}/tags/{tag['id']}/"
    check("one tag", call("GET", path), 200, tag)
    search = f"{API}/tags/?search=IRON%20{word}"
    check("?search=", call("GET", search), 200, [tag])
    check("?created_at=", call("GET", f"{search}&created_at=2001-01-01"), 200, [])
    check("?with_counts=true", call("GET", f"{search}&with_counts=true"), 200, [{**tag, "customer_count": 0}])
    check("rename", call("PUT", path, {"name": renamed}), 200, {"name": renamed})
    foreign = error("You don't have permission to modify this tag")
    check("somebody else renames it", call("PUT", path, {"name": "Mine"}, trial.other), 403, foreign)
    check("somebody else deletes it", call("DELETE", path, token=trial.other), 403, foreign)
    deleted = {"message": f"Tag '{renamed}' deleted successfully", "tag_name": renamed}
    check("delete", call("DELETE", path), 200, deleted)
    check("delete it again", call("DELETE", path), 404, error(f"Tag with ID {tag['id']} not found"))


def delete_several(trial: Trial) -> None:
    names = [f"A {trial.word}", f"B {trial.word}"]
    _, pair = trial.call("POST", f"{API}/tags/", {"names": names})
    expected = {
        "message": "Successfully deleted 2 tag(s)",
        "deleted_count": 2,
        "deleted_tags": names,
        "skipped_tags": ["Telegram", f"Tag IDs not found or not owned: [{MISSING}]"],
    }
    body = {"tag_ids": [*(tag["id"] for tag in pair), trial.system["Telegram"], MISSING]}
    trial.check("delete several tags", trial.call("POST", f"{API}/tags/bulk-delete/", body), 200, expected)


def many_customers(trial: Trial) -> None:
    check, call = trial.check, trial.call
    trial.start_from()
    path = f"{API}/tags/{trial.tags[0]}/customers/"
    ids = [trial.mine, trial.foreign, MISSING]
    for action, again in (("add", HAS_TAG), ("remove", LACKS_TAG)):
        done, refused = {"success": True}, {"success": False, **again}
        for count, what, mine in ((1, "three customers", done), (0, "the same customers again", refused)):
            # Salespeople are not told whether somebody else has the customer or nobody.
            results = [mine, *[{"success": False, **FOREIGN_CUSTOMER}] * 2]
            expected = [{"customer_id": pk, **result} for pk, result in zip(ids, results, strict=True)]
            answer = call("POST", path, {"customer_ids": ids, "action": action})
            check(f"{action}, {what}", answer, 200, {"changed_count": count, "results": expected})
    check("no action", call("POST", path, {"customer_ids": ids}), 400, error("action must be add or remove"))
    too_many = {"customer_ids": list(range(1, 1002)), "action": "add"}
    expected_error = error("customer_ids may hold at most 1000 integers")
    check("too many customers", call("POST", path, too_many), 400, expected_error)


def customers_by_tags(trial: Trial) -> None:
    gold, silver, tin = trial.tags
    trial.start_from(gold, silver)
    for query, count in (
        (f"tag={gold}&tag={silver}", 1),
        (f"tag={gold}&tag={tin}", 0),
        (f"tag_any={gold},{tin}", 1),
        (f"tag_any={tin}", 0),
    ):
        trial.check(f"customers with ?{query}", trial.call("GET", f"/api/customers/?{query}"), 200, {"count": count})


Part = tuple[str, Callable[[Trial], None]]

PARTS: tuple[Part, ...] = (
    ("GET: all tags of a customer", list_tags),
    ("POST: add tags", add),
    ("PUT: replace tags", replace),
    ("DELETE: remove tags", remove),
    ("POST and DELETE: one tag", one_at_a_time),
    ("Bodies that are refused", bad_bodies),
    ("System tags", system_tags),
    ("Customers of somebody else", rights),
    ("The team's tags", team_tags),
    ("Deleting several tags", delete_several),
    ("One tag, many customers", many_customers),
    ("The list of customers by tags", customers_by_tags),
)


def run(trial: Trial, parts: Sequence[Part]) -> None:
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
            run(trial, [PARTS[int(choice) - 1]])


def main() -> None:
    parser = argparse.ArgumentParser(description="Try the tags API of a running server.")
    parser.add_argument("--auto", action="store_true", help="run all checks instead of showing a menu")
    parser.add_argument("--url", default=f"http://127.0.0.1:{os.environ.get('PORT', 8000)}", help="the server")
    parser.add_argument("--user", default="sam:patter-demo-sam-1", help="a salesperson, as NAME:PASSWORD")
    parser.add_argument("--other", default="nadia:patter-demo-nadia-1", help="another salesperson")
    parser.add_argument("--admin", default="admin:patter-demo-admin-1", help="an admin, who cleans up")
    options = parser.parse_args()
    try:
        trial = Trial(options)
    except urllib.error.URLError as failure:
        sys.exit(f"No server at {options.url}: {failure.reason}")
    try:
        run(trial, PARTS) if options.auto else menu(trial)
    finally:
        trial.clean_up()
    print(f"\n{trial.passed} passed, {trial.failed} failed")
    sys.exit(1 if trial.failed else 0)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
