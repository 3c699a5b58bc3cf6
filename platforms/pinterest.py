"""Pinterest: pins with a photo or video, boards; short links; the site under the names of its countries."""

from platforms.base import Platform

#: First segments that are pages of the site itself; any other is a profile.
_PAGES = (
    "_|about|ads|all|business|categories|discover|email|explore|following|ideas|invited|login|logout|news_hub|oauth"
    "|password|pin|pin-builder|pin-creation-tool|privacy|resource|search|settings|shopping|signup|source|today|topics|tv"
)


class Pinterest(Platform):
    hosts = (
        "pinterest.com", "pin.it", "pinterest.at", "pinterest.be", "pinterest.ca", "pinterest.ch", "pinterest.cl",
        "pinterest.co", "pinterest.co.at", "pinterest.co.in", "pinterest.co.kr", "pinterest.co.nz", "pinterest.co.uk",
        "pinterest.com.au", "pinterest.com.bo", "pinterest.com.ec", "pinterest.com.mx", "pinterest.com.pe",
        "pinterest.com.py", "pinterest.com.uy", "pinterest.com.vn", "pinterest.de", "pinterest.dk", "pinterest.ec",
        "pinterest.es", "pinterest.fr", "pinterest.hu", "pinterest.id", "pinterest.ie", "pinterest.in",
        "pinterest.info", "pinterest.it", "pinterest.jp", "pinterest.kr", "pinterest.mx", "pinterest.nl",
        "pinterest.nz", "pinterest.pe", "pinterest.ph", "pinterest.pt", "pinterest.ru", "pinterest.se",
        "pinterest.th", "pinterest.tw", "pinterest.uk", "pinterest.vn",
    )  # fmt: skip
    subdomains = "www|m|[a-z]{2}|[a-z]{2}-[a-z]{2}"
    paths = {
        "item": r"/pin/(?:[\w%-]+--)?(?P<id>[0-9]{5,25})(?:/(?:sent|feedback|activity|visual-search))?",
        "playlist": rf"/(?P<name>(?!(?:{_PAGES})/)[\w.-]{{2,40}}/(?!_)[\w.%-]+)",
    }
    shares = (r"pin\.it/(?P<id>\w{5,20})",)
    address = {"item": "https://www.pinterest.com/pin/{id}/", "playlist": "https://www.pinterest.com/{id}/"}
    extractors = ("pinterest.*",)
    items = 20
    examples = {
        "https://www.pinterest.com/pin/664281013778109217/": "664281013778109217",
        "https://co.pinterest.com/pin/824721750502199491/?lp=true": "824721750502199491",
        "https://www.pinterest.co.uk/pin/664281013778109217/sent/?invite_code=x": "664281013778109217",
        "https://pinterest.com/pin/dive-into-serenity-blue-lagoon-pedi-nails--2885187256207927": "2885187256207927",
        "https://www.pinterest.ca/Mashal0407/cool-diys/": "playlist:mashal0407/cool-diys",
        "https://pin.it/4AbCdEfGh": "share:4AbCdEfGh",
    }
    strangers = (
        "https://www.pinterest.com/",
        "https://www.pinterest.com/mashal0407/",
        "https://www.pinterest.com/mashal0407/_created/",
        "https://www.pinterest.com/ideas/nails/123456/",
        "https://www.pinterest.com/login/?next=/pin/664281013778109217/",
        "https://business.pinterest.com/pin/664281013778109217/",
        "https://pin.it/",
    )
