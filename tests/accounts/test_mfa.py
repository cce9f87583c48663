"""The second factor: without a code the right password opens nothing, and each code opens once."""

from io import StringIO
from typing import Any

import pyotp
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import second_factor
from accounts.models import AuditEntry, SecondFactor, Session, User
from tests.accounts.codes import CONFIRM, SETUP, code_of, set_up, turn_on
from tests.accounts.parallel import in_parallel
from tests.cast import PASSWORD

LOGIN, TOKEN, MFA_LOGIN, MFA, ME = (
    "/api/auth/login/", "/api/token/", "/api/auth/login/mfa/", "/api/auth/mfa/", "/api/auth/me/",
)  # fmt: skip
SAM = {"username": "sam", "password": PASSWORD}


@pytest.fixture
def recovery(owner: User) -> list[str]:
    """Sam has a second factor, and these recovery codes."""
    return turn_on(owner)


def token(client: APIClient, login: dict[str, str] = SAM) -> str:
    answer = client.post(LOGIN, login)
    assert answer.status_code == 200
    found: str = answer.json()["mfa_token"]
    return found


def enter(client: APIClient, mfa_token: str, code: str) -> Any:
    return client.post(MFA_LOGIN, {"mfa_token": mfa_token, "code": code})


def verbs(prefix: str = "mfa") -> list[str]:
    return list(AuditEntry.objects.filter(verb__startswith=prefix).order_by("pk").values_list("verb", flat=True))


# --- Signing in ---


@pytest.mark.parametrize("url", [LOGIN, TOKEN])
def test_the_password_alone_opens_nothing(anonymous: APIClient, recovery: list[str], url: str) -> None:
    answer = anonymous.post(url, SAM).json()
    assert answer.keys() == {"mfa_required", "mfa_token"}
    assert answer["mfa_required"] is True
    assert not Session.objects.exists()
    for method, path in (("get", ME), ("post", SETUP), ("post", "/api/auth/ws-ticket/")):
        refused = getattr(anonymous, method)(path, HTTP_AUTHORIZATION=f"Bearer {answer['mfa_token']}")
        assert refused.status_code == 401
    for path in (SETUP, CONFIRM):
        assert anonymous.post(path, {"mfa_token": answer["mfa_token"], "code": "000000"}).status_code == 401


def test_with_a_code_it_is_what_login_gives(anonymous: APIClient, recovery: list[str], owner: User) -> None:
    answer = enter(anonymous, token(anonymous), code_of(owner))
    assert answer.status_code == 200
    assert answer.json().keys() == {"access", "refresh", "user"}
    me = anonymous.get(ME, HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}").json()
    assert (me["username"], me["mfa_enabled"]) == ("sam", True)


def test_the_wrong_password_does_not_tell_of_a_second_factor(anonymous: APIClient, recovery: list[str]) -> None:
    answer = anonymous.post(LOGIN, {**SAM, "password": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_credentials")


def test_a_code_works_once(anonymous: APIClient, recovery: list[str], owner: User) -> None:
    code, first, second = code_of(owner), token(anonymous), token(anonymous)
    assert enter(anonymous, first, code).status_code == 200
    refused = enter(anonymous, second, code)
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_code")
    assert Session.objects.count() == 1
    assert verbs() == ["mfa_failed"]


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_clocks_may_differ_by_one_step(
    anonymous: APIClient, recovery: list[str], owner: User, steps: int, status: int
) -> None:
    factor = SecondFactor.objects.get(user=owner)
    now = timezone.now()
    code = pyotp.TOTP(factor.secret or "").at(int(now.timestamp()) + 30 * steps)
    assert factor.use(code, now=now) is (status == 200)


def test_an_older_code_does_not_work_after_a_newer_one(owner: User, recovery: list[str]) -> None:
    factor, now = SecondFactor.objects.get(user=owner), timezone.now()
    codes = [pyotp.TOTP(factor.secret or "").at(int(now.timestamp()) + 30 * step) for step in (-1, 0, 1)]
    assert [factor.use(code, now=now) for code in (codes[1], codes[0], codes[1], codes[2])] == [
        True,
        False,
        False,
        True,
    ]


def test_a_recovery_code_works_once_however_it_is_typed(anonymous: APIClient, recovery: list[str], owner: User) -> None:
    assert enter(anonymous, token(anonymous), f" {recovery[3].upper().replace('-', ' ')} ").status_code == 200
    assert enter(anonymous, token(anonymous), recovery[3]).status_code == 401
    assert enter(anonymous, token(anonymous), recovery[4]).status_code == 200
    assert len(SecondFactor.objects.get(user=owner).recovery) == 8


@pytest.mark.parametrize("code", ["000000", "12345", "abc", "١٢٣٤٥٦", "-" * 40, "²²²²²²"])
def test_wrong_codes(anonymous: APIClient, recovery: list[str], code: str) -> None:
    assert enter(anonymous, token(anonymous), code).status_code == 401
    assert not Session.objects.exists()


def test_wrong_codes_are_limited_even_from_many_addresses(
    anonymous: APIClient, recovery: list[str], owner: User, as_owner: APIClient, settings: Any
) -> None:
    settings.THROTTLE_MFA = "3/hour"
    mine = token(anonymous)
    statuses = [
        anonymous.post(MFA_LOGIN, {"mfa_token": mine, "code": "000000"}, REMOTE_ADDR=f"10.0.0.{number}").status_code
        for number in range(4)
    ]
    assert statuses == [401] * 3 + [429]
    refused = enter(anonymous, mine, code_of(owner))
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)
    assert as_owner.get(ME).status_code == 200


def test_right_codes_do_not_count(anonymous: APIClient, recovery: list[str], settings: Any) -> None:
    settings.THROTTLE_MFA = "1/hour"
    for code in recovery[:3]:
        assert enter(anonymous, token(anonymous), code).status_code == 200


@pytest.mark.parametrize("made_up", ["x", "a:b:c", "é" * 10, "x" * 5000])
def test_a_token_that_is_none(anonymous: APIClient, recovery: list[str], owner: User, made_up: str) -> None:
    assert enter(anonymous, made_up, code_of(owner)).status_code == 401


def test_a_token_ends_with_the_password(
    anonymous: APIClient, as_admin: APIClient, recovery: list[str], owner: User
) -> None:
    mine = token(anonymous)
    assert as_admin.patch(f"/api/users/{owner.pk}/", {"password": "mango-river-88"}).status_code == 200
    assert enter(anonymous, mine, code_of(owner)).status_code == 401


def test_a_token_ends_with_the_login(anonymous: APIClient, recovery: list[str], owner: User) -> None:
    mine = token(anonymous)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert enter(anonymous, mine, code_of(owner)).status_code == 401


def test_a_token_ends(anonymous: APIClient, recovery: list[str], owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = token(anonymous)
    monkeypatch.setattr(second_factor, "TOKEN_SECONDS", -1)
    answer = enter(anonymous, mine, code_of(owner))
    assert (answer.status_code, "sign in again" in answer.json()["detail"]) == (401, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_one_code_in_parallel_opens_once(anonymous: APIClient, recovery: list[str], owner: User, kind: str) -> None:
    mine, code = token(anonymous), code_of(owner) if kind == "app" else recovery[0]
    answers = in_parallel(4, lambda: enter(APIClient(), mine, code).status_code)
    assert sorted(answers) == [200, 401, 401, 401]
    assert Session.objects.count() == 1


# --- Turning it on and off ---


def test_setting_it_up(as_owner: APIClient, anonymous: APIClient, owner: User) -> None:
    begun = as_owner.post(SETUP).json()
    assert begun.keys() == {"secret", "otpauth_url", "qr_svg"}
    assert begun["otpauth_url"].startswith("otpauth://totp/Patter:sam?")
    assert begun["secret"] in begun["otpauth_url"]
    assert begun["qr_svg"].startswith("<svg")
    assert anonymous.post(LOGIN, SAM).json().keys() == {"access", "refresh", "user"}, "nothing is asked for yet"
    assert as_owner.get(ME).json()["mfa_enabled"] is False

    codes = as_owner.post(CONFIRM, {"code": pyotp.TOTP(begun["secret"]).now()}).json()["recovery_codes"]
    assert (len(codes), len(set(codes))) == (10, 10)
    assert as_owner.get(ME).json()["mfa_enabled"] is True
    assert verbs() == ["mfa_begun", "mfa_enabled"]
    assert anonymous.post(LOGIN, SAM).json()["mfa_required"] is True


def test_what_is_stored_reveals_nothing(as_owner: APIClient, owner: User) -> None:
    secret = as_owner.post(SETUP).json()["secret"]
    codes = as_owner.post(CONFIRM, {"code": code_of(owner)}).json()["recovery_codes"]
    stored = str(SecondFactor.objects.values().get()) + str(list(AuditEntry.objects.values()))
    for text in (secret, *codes, *[code.replace("-", "") for code in codes]):
        assert text not in stored


def test_the_code_that_confirmed_opens_nothing(as_owner: APIClient, anonymous: APIClient, owner: User) -> None:
    as_owner.post(SETUP)
    code = code_of(owner)
    as_owner.post(CONFIRM, {"code": code})
    assert enter(anonymous, token(anonymous), code).status_code == 401


def test_a_wrong_first_code(as_owner: APIClient, owner: User) -> None:
    as_owner.post(SETUP)
    assert list(as_owner.post(CONFIRM, {"code": "000000"}).json()) == ["code"]
    assert as_owner.get(ME).json()["mfa_enabled"] is False
    assert as_owner.post(CONFIRM, {"code": code_of(owner)}).status_code == 200


def test_nothing_to_confirm(as_owner: APIClient) -> None:
    assert list(as_owner.post(CONFIRM, {"code": "123456"}).json()) == ["code"]


def test_while_it_is_on_it_cannot_be_replaced(as_owner: APIClient, recovery: list[str], owner: User) -> None:
    before = SecondFactor.objects.values().get()
    assert as_owner.post(SETUP).status_code == 400
    assert as_owner.post(CONFIRM, {"code": code_of(owner)}).status_code == 400
    assert SecondFactor.objects.values().get() == before


def test_turning_it_off_takes_both(as_owner: APIClient, anonymous: APIClient, recovery: list[str], owner: User) -> None:
    for body, field in (
        ({"current_password": "wrong", "code": code_of(owner)}, "current_password"),
        ({"current_password": PASSWORD, "code": "000000"}, "code"),
        ({"current_password": PASSWORD}, "code"),
        ({"code": code_of(owner)}, "current_password"),
    ):
        answer = as_owner.delete(MFA, body)
        assert (answer.status_code, list(answer.json())) == (400, [field])
    assert as_owner.get(ME).json()["mfa_enabled"] is True

    assert as_owner.delete(MFA, {"current_password": PASSWORD, "code": code_of(owner)}).status_code == 204
    assert as_owner.get(ME).json()["mfa_enabled"] is False
    assert verbs()[-1] == "mfa_disabled"
    assert "access" in anonymous.post(LOGIN, SAM).json()


def test_it_is_not_on(as_owner: APIClient) -> None:
    answer = as_owner.delete(MFA, {"current_password": PASSWORD, "code": "123456"})
    assert (answer.status_code, "not on" in answer.json()["detail"]) == (400, True)


def test_a_command_for_who_lost_everything(recovery: list[str], owner: User) -> None:
    out = StringIO()
    call_command("disable_mfa", "SAM@desk.example", stdout=out)
    assert "is off" in out.getvalue()
    assert not SecondFactor.objects.exists()
    assert AuditEntry.objects.get(verb="mfa_disabled").actor is None
    for name, why in (("sam", "no second factor"), ("nobody", "no such login")):
        with pytest.raises(CommandError, match=why):
            call_command("disable_mfa", name)


def test_a_removed_login_keeps_no_secret(as_admin: APIClient, recovery: list[str], owner: User) -> None:
    assert as_admin.delete(f"/api/users/{owner.pk}/").status_code == 204
    assert not SecondFactor.objects.exists()


# --- Where it is required ---


@pytest.fixture
def required(admin: User, settings: Any) -> dict[str, str]:
    settings.REQUIRE_ADMIN_MFA = True
    return {"username": "ada", "password": PASSWORD}


def test_an_admin_sets_it_up_before_signing_in(anonymous: APIClient, required: dict[str, str], admin: User) -> None:
    answer = anonymous.post(LOGIN, required).json()
    assert answer.keys() == {"mfa_setup_required", "mfa_token"}
    mine = answer["mfa_token"]
    assert enter(anonymous, mine, "123456").status_code == 401
    assert anonymous.get(ME, HTTP_AUTHORIZATION=f"Bearer {mine}").status_code == 401
    assert anonymous.delete(MFA, {"mfa_token": mine}).status_code == 401

    codes = set_up(anonymous, admin, mfa_token=mine)
    assert not Session.objects.exists(), "one has to sign in again"
    assert anonymous.post(SETUP, {"mfa_token": mine}).status_code == 401, "the password alone replaces nothing"
    assert enter(anonymous, token(anonymous, required), codes[0]).status_code == 200


def test_it_stays_on_where_it_is_required(
    anonymous: APIClient, as_admin: APIClient, required: dict[str, str], admin: User
) -> None:
    turn_on(admin)
    answer = as_admin.delete(MFA, {"current_password": PASSWORD, "code": code_of(admin)})
    assert (answer.status_code, SecondFactor.objects.exists()) == (400, True)


def test_salespeople_are_not_asked(anonymous: APIClient, required: dict[str, str], owner: User) -> None:
    assert "access" in anonymous.post(LOGIN, SAM).json()


@pytest.mark.parametrize("path", [SETUP, CONFIRM, MFA_LOGIN])
@pytest.mark.parametrize("mfa_token", [5, None, ["x"], {"a": 1}, "", "x" * 5000])
def test_nonsense_for_a_token(anonymous: APIClient, db: None, path: str, mfa_token: Any) -> None:
    assert anonymous.post(path, {"mfa_token": mfa_token, "code": "123456"}).status_code in (400, 401)
