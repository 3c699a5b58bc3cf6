"""Buttons about cookie files, and the files that wait for the press of one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from bot.keyboards import Button, Packed
from utils.errors import Expired
from utils.ids import button_token

if TYPE_CHECKING:
    from bot.keyboards import Keyboard
    from services.cookies import Held
    from utils.cookies import Cookie
    from utils.texts import Texts

#: sites that one file is offered for; those that somebody is signed in to stand first
MOST_CHOICES: Final = 12
#: files (up to 1 MB) that wait at the same time, in memory only
MOST_PENDING: Final = 3


@dataclass(frozen=True, slots=True)
class KeepCookies(Packed):
    """Keep a waiting file's cookies of that site."""

    verb: ClassVar[str] = "ck"
    token: str
    site: str


@dataclass(frozen=True, slots=True)
class DropCookies(Packed):
    """Delete a kept file."""

    verb: ClassVar[str] = "cd"
    site: str
    name: str


class Pending:
    """Files with cookies of several sites, until the owner has said of which."""

    def __init__(self, new_token: Callable[[], str] = button_token) -> None:
        self._new_token = new_token
        self._waiting: OrderedDict[str, tuple[Sequence[Cookie], str]] = OrderedDict()

    def add(self, cookies: Sequence[Cookie], name: str) -> str:
        """Let one wait; its token. The oldest makes way."""
        token = self._new_token()
        self._waiting[token] = (cookies, name)
        while len(self._waiting) > MOST_PENDING:
            self._waiting.popitem(last=False)
        return token

    def cookies(self, token: str) -> Sequence[Cookie]:
        """What waits under a token. Raises Expired."""
        return self._get(token)[0]

    def name(self, token: str) -> str:
        """What it is to be called. Raises Expired."""
        return self._get(token)[1]

    def _get(self, token: str) -> tuple[Sequence[Cookie], str]:
        if token not in self._waiting:
            raise Expired("cookies")
        return self._waiting[token]


def choice_keyboard(sites: Sequence[str], token: str) -> Keyboard:
    """A button for each site."""
    buttons = [Button(site, KeepCookies(token, site)) for site in sites[:MOST_CHOICES]]
    return [buttons[start : start + 3] for start in range(0, len(buttons), 3)]


def files_keyboard(texts: Texts, held: Sequence[Held]) -> Keyboard:
    """A button that deletes, for each file."""
    return [
        [Button(texts("button.delete_cookies", site=each.site, name=each.name), DropCookies(each.site, each.name))]
        for each in held
    ]
