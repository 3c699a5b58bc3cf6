"""Threads: posts with videos, photos or several of them."""

from platforms.base import Platform

_ID = r"(?P<id>[\w-]{8,40})"


class Threads(Platform):
    hosts = ("threads.com", "threads.net")
    login_cookies = ("sessionid",)
    fixers = ("fixthreads.net", "vxthreads.net")
    paths = {"item": rf"/(?:@[\w.]+/post|t)/{_ID}(?:/(?:media|embed))?"}
    address = {"item": "https://www.threads.com/t/{id}"}
    extractors = ("threads",)
    items = 20
    rate = 0.5
    examples = {
        "https://www.threads.net/@zuck/post/CuXFPIeLLod?igshid=x&xmt=y": "CuXFPIeLLod",
        "https://www.threads.com/@zuck/post/CuXFPIeLLod/media": "CuXFPIeLLod",
        "threads.net/t/CuXFPIeLLod": "CuXFPIeLLod",
        "https://fixthreads.net/@zuck/post/CuXFPIeLLod": "CuXFPIeLLod",
    }
    strangers = (
        "https://www.threads.com/",
        "https://www.threads.net/@zuck",
        "https://www.threads.com/search?q=post",
        "https://www.threads.com/login?next=/t/CuXFPIeLLod",
        "https://help.threads.net/t/CuXFPIeLLod",
    )
