"""OK (Odnoklassniki): videos and streams."""

from platforms.base import Platform

_ID = r"(?P<id>[0-9]{6,20}(?:-[0-9]+)?)"


class Ok(Platform):
    hosts = ("ok.ru", "odnoklassniki.ru")
    paths = {
        "video": (
            rf"/(?:video(?:embed)?|web-api/video/moviePlayer)/{_ID}",
            rf"/dk\?(?:.*?&)??st\.mvId={_ID}",
        ),
        "live": rf"/live/{_ID}",
    }
    address = {"video": "https://ok.ru/video/{id}", "live": "https://ok.ru/live/{id}"}
    extractors = ("odnoklassniki",)
    examples = {
        "https://ok.ru/video/20079905452": "20079905452",
        "https://m.ok.ru/video/63567059965189-0?fromTime=5": "63567059965189-0",
        "https://www.ok.ru/videoembed/20648036891": "20648036891",
        "http://ok.ru/web-api/video/moviePlayer/20079905452": "20079905452",
        "https://m.ok.ru/dk?st.cmd=movieLayer&st.discId=1&st.mvId=20079905452&st.mcmd=2": "20079905452",
        "https://odnoklassniki.ru/video/20079905452": "20079905452",
        "https://www.ok.ru/live/484531969818": "484531969818",
    }
    strangers = (
        "https://ok.ru/",
        "https://ok.ru/profile/20079905452",
        "https://ok.ru/video/top",
        "https://ok.ru/dk?st.cmd=anonymMain",
        "https://insideok.ok.ru/video/20079905452",
    )
