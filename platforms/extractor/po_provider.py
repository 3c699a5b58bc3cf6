"""The worker's side of proofs of origin: yt-dlp asks this provider, and this asks the parent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from yt_dlp.extractor.youtube.pot.provider import (
    PoTokenContext,
    PoTokenProvider,
    PoTokenProviderRejectedRequest,
    PoTokenRequest,
    PoTokenResponse,
    register_preference,
    register_provider,
)
from yt_dlp.extractor.youtube.pot.utils import WEBPO_CLIENTS, get_webpo_content_binding

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def provide(ask: Ask) -> type[PoTokenProvider]:
    """Register the provider in this process. `ask` puts a question to the parent and waits for the answer."""

    @register_provider
    class GoldcrestPTP(PoTokenProvider):
        """Knows what a token must be bound to; where it comes from is the parent's business."""

        PROVIDER_NAME = "goldcrest"
        PROVIDER_VERSION = "1"
        BUG_REPORT_LOCATION = "the operator of this bot"
        _SUPPORTED_CLIENTS = WEBPO_CLIENTS
        _SUPPORTED_CONTEXTS = (PoTokenContext.GVS, PoTokenContext.PLAYER, PoTokenContext.SUBS)
        _SUPPORTED_EXTERNAL_REQUEST_FEATURES = None

        def is_available(self) -> bool:
            """Always: who has no token says so when asked."""
            return True

        def _real_request_pot(self, request: PoTokenRequest) -> PoTokenResponse:
            binding, _ = get_webpo_content_binding(request)
            if not binding:
                raise PoTokenProviderRejectedRequest("nothing to bind a token to")
            token = ask({"about": "po_token", "context": request.context.value, "binding": binding}).get("token")
            if not isinstance(token, str):
                raise PoTokenProviderRejectedRequest("no token at hand")
            return PoTokenResponse(token, expires_at=0)  # kept, rotated and renewed by the parent alone

    @register_preference(GoldcrestPTP)
    def before_others(_provider: PoTokenProvider, _request: PoTokenRequest) -> int:
        return 1000

    return GoldcrestPTP
