"""Lines between the processes: what they may hold and how long they may be."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from platforms.extractor.protocol import (
    OPTIONS,
    REQUEST_BYTES,
    Limits,
    Order,
    check_options,
    decode,
    decode_order,
    encode,
    encode_order,
)
from utils.errors import InternalError

#: parameters of yt-dlp that run programs, read secrets of the machine, leave the proxy or choose where files go
FORBIDDEN = (
    *("exec_cmd", "exec_before_dl_cmd", "postprocessors", "external_downloader", "external_downloader_args"),
    *("cookiesfrombrowser", "cookiefile", "usenetrc", "netrc_location", "netrc_cmd", "username", "password"),
    *("writelink", "writeurllink", "writeinfojson", "writesubtitles", "load_info_filename", "download_archive"),
    *("proxy", "geo_verification_proxy", "source_address", "nocheckcertificate", "enable_file_urls", "compat_opts"),
    *("outtmpl", "paths", "cachedir", "ffmpeg_location", "postprocessor_args", "plugin_dirs", "js_runtimes"),
    *("allowed_extractors", "logger", "progress_hooks", "format", "remote_components", "client_certificate"),
)


def test_no_dangerous_parameter_is_on_the_list():
    """Nothing that yt-dlp's advisories are about can be set by a site."""
    assert not OPTIONS & set(FORBIDDEN)
    for name in FORBIDDEN:
        with pytest.raises(InternalError, match=name):
            check_options({"noplaylist": True, name: "x"})


def test_parameters_of_the_list_pass():
    check_options(dict.fromkeys(OPTIONS))


def test_an_order_arrives_as_it_was_sent():
    order = Order(
        "fetch", "https://example.com/", "http://a:b@127.0.0.1:1", {"playlist_items": "1"}, limits=Limits(retries=7)
    )
    assert decode_order(encode_order(order)) == order


@pytest.mark.parametrize(
    "options", [{"age_limit": {1, 2}}, {"age_limit": float("nan")}, {"extractor_args": "x" * REQUEST_BYTES}]
)
def test_an_order_that_is_no_plain_data_is_an_error_of_ours(options: dict[str, object]):
    """Objects, figures that JSON doesn't know, and orders longer than a request."""
    with pytest.raises(InternalError):
        encode_order(Order("extract", "https://example.com/", "", options))


def test_options_that_can_not_be_copied():
    with pytest.raises(InternalError):
        encode_order(Order("extract", "", "", {"extractor_args": MappingProxyType({})}))


@pytest.mark.parametrize("line", [b"", b"{", b"[]\n", b"7\n", b"\xff\n", b'{"a":' * 100_000])
def test_whatever_is_no_object_is_one_kind_of_error(line: bytes):
    with pytest.raises(ValueError):
        decode(line)


def test_a_line_is_one_line():
    """Texts with line ends don't break the framing."""
    assert encode({"a": "b\nc\u2028d"}).count(b"\n") == 1
    assert decode(encode({"a": "b\nc"})) == {"a": "b\nc"}
