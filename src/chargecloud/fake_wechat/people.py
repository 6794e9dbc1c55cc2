"""Codes and tokens of api.weixin.qq.com: login codes, phone codes, the one access token of the mini program."""

import secrets
from dataclasses import dataclass, field

from chargecloud.fake_wechat.refusal import AppRefusal
from chargecloud.fake_wechat.world import CODE_FOR_MS, TOKEN_FOR_S, Code, Person, World

SIGN_INS_A_MINUTE = 100
RENEW_BEFORE_MS = 5 * 60_000


def login_code(world: World, person: Person, appid: str) -> str:
    """What wx.login gives."""
    return _new(world, world.codes, person, appid)


def phone_code(world: World, person: Person, appid: str) -> str:
    """What the button getPhoneNumber gives."""
    return _new(world, world.phone_codes, person, appid)


def _new(world: World, codes: dict[str, Code], person: Person, appid: str) -> str:
    text = secrets.token_urlsafe(24)
    codes[text] = Code(person, appid, world.now_ms() + CODE_FOR_MS)
    return text


def take_code(world: World, codes: dict[str, Code], text: str, appid: str) -> Person:
    """Whose code it is; once, within five minutes, for the mini program it was made in."""
    code = codes.get(text)
    if code is None or code.appid != appid or world.now_ms() >= code.expires_at_ms:
        raise AppRefusal(40029, "invalid code")
    if code.taken:
        raise AppRefusal(40163, "code been used")
    code.taken = True
    return code.person


def session_of(world: World, *, appid: str, secret: str, code: str) -> dict[str, object]:
    """jscode2session."""
    check_app(world, appid, secret)
    person = take_code(world, world.codes, code, appid)
    if person.blocked:
        raise AppRefusal(40226, "code blocked")
    now_ms = world.now_ms()
    while person.sign_ins and now_ms - person.sign_ins[0] >= 60_000:
        person.sign_ins.popleft()
    if len(person.sign_ins) >= SIGN_INS_A_MINUTE:
        raise AppRefusal(45011, "api minute-quota reach limit  mustslower  retry next minute")
    person.sign_ins.append(now_ms)
    return {
        "openid": person.openid(appid),
        "session_key": secrets.token_urlsafe(18).replace("-", "+").replace("_", "/"),
        "unionid": person.unionid,
    }


def check_app(world: World, appid: str, secret: str) -> None:
    """Appid and secret belong together."""
    if appid != world.keys.appid:
        raise AppRefusal(40013, "invalid appid")
    if not secrets.compare_digest(secret.encode(), world.keys.app_secret.encode()):
        raise AppRefusal(40125, "invalid appsecret")


@dataclass(slots=True)
class AccessToken:
    """The mini program's access token: the same for every caller until it ends; a forced one ends the one before."""

    world: World
    _text: str = ""
    _ends_at_ms: int = 0
    _ended: set[str] = field(default_factory=set)

    def issue(self, *, forced: bool) -> dict[str, object]:
        """stable_token."""
        now_ms = self.world.now_ms()
        if forced or not self._text or now_ms >= self._ends_at_ms - RENEW_BEFORE_MS:
            if self._text:
                self._ended.add(self._text)
            self._text, self._ends_at_ms = secrets.token_urlsafe(96), now_ms + TOKEN_FOR_S * 1000
        return {"access_token": self._text, "expires_in": (self._ends_at_ms - now_ms) // 1000}

    def check(self, text: str) -> None:
        """Whether it may be used now."""
        if not text:
            raise AppRefusal(41001, "access_token missing")
        if text in self._ended or (text == self._text and self.world.now_ms() >= self._ends_at_ms):
            raise AppRefusal(42001, "access_token expired")
        if text != self._text:
            raise AppRefusal(40001, "invalid credential, access_token is invalid or not latest")
