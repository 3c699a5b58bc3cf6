"""A browser's TLS fingerprint for one job: yt-dlp's curl handler, with our proxy and our roots of trust.

Loaded in a worker that was asked for it and nowhere else: the library takes ten times the memory of a request.
"""

from __future__ import annotations

import os
import ssl
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from platforms.extractor.lean import BROWSER
from utils.errors import NoImpersonation

if TYPE_CHECKING:
    from platforms.extractor.guard import Loaded

#: the handler is there, but only requests that ask for a browser go through it
ASKED: Final = "asked"
#: what curl may speak, also after a redirect; its own default is every protocol it knows
PROTOCOLS: Final = b"http,https"


def dressed(browser: str, loaded: Loaded, params: dict[str, Any]) -> Loaded:
    """What is loaded with the handler of that browser, and yt-dlp's parameters that go with it.

    `browser`: "chrome", "safari-18.4", or "asked", which goes without where it isn't installed. Raises NoImpersonation.
    """
    try:
        base, requests, option = _load()
    except NoImpersonation:
        if browser == ASKED:
            return loaded
        raise
    if browser != ASKED:
        from yt_dlp.networking.impersonate import ImpersonateTarget

        target = ImpersonateTarget.from_str(browser)
        if not any(target in known for known in base.supported_targets):
            raise NoImpersonation(f"no browser {browser}", browser=browser)
        params["impersonate"] = target
    roots = roots_path(loaded.tls)

    class BrowserRH(base):  # type: ignore[misc, valid-type]
        """As EgressRH: everything through the job's proxy, checked against the same roots."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.verify = roots  # handed on to curl, which takes a path as well as a yes

        def _get_proxies(self, *_: object) -> dict[str, str]:
            return {"all": self.proxies["all"], "no": ""}

        def _create_instance(self, cookiejar: Any = None) -> Any:
            bounds = {option.PROTOCOLS_STR: PROTOCOLS, option.REDIR_PROTOCOLS_STR: PROTOCOLS}
            return requests.Session(cookies=cookiejar, curl_options=bounds, trust_env=False)

    return replace(loaded, browser=BrowserRH)


def roots_path(tls: ssl.SSLContext) -> str:
    """Every root that the context trusts as a PEM file, which lies in memory and ends with this process.

    curl reads neither SSL_CERT_FILE nor Python's contexts. Where the context has read no file, because the system keeps
    its roots one by one in a folder, those that came with the library are taken.
    """
    certificates = tls.get_ca_certs(binary_form=True)
    if not certificates:
        import certifi

        return str(certifi.where())
    handle = os.memfd_create("roots", 0)
    with os.fdopen(os.dup(handle), "w", encoding="ascii") as file:
        file.writelines(ssl.DER_cert_to_PEM_cert(each) for each in certificates)
    return f"/proc/self/fd/{handle}"


def _load() -> tuple[Any, Any, Any]:
    """yt-dlp's handler, the library's requests and its options. Raises NoImpersonation where it isn't installed."""
    for name in BROWSER:
        if sys.modules.get(name, name) is None:
            del sys.modules[name]
    try:
        import certifi
        import curl_cffi
        from curl_cffi import requests
        from yt_dlp import dependencies

        dependencies.curl_cffi, dependencies.certifi = curl_cffi, certifi
        from yt_dlp.networking import _curlcffi
    except ImportError as error:
        raise NoImpersonation(str(error)) from None
    return _curlcffi.CurlCFFIRH, requests, curl_cffi.CurlOpt
