"""The way of a file to the visitor's disk."""

import pytest

from api.files import disposition
from tests.api.stage import staged, with_storage


@pytest.fixture
async def file(stage):
    job = await stage.order()
    return (await stage.until(job["id"], "done"))["files"][0]


async def test_a_file_is_a_download_and_nothing_else(client, file):
    """No browser shows or runs it in our name."""
    answer = await client.get(file["url"])
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-type"] == "video/mp4"


@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-9", slice(10)), ("bytes=100-", slice(100, 10_000)), ("bytes=-7", slice(9993, 10_000))],
)
async def test_a_broken_download_goes_on(client, stage, file, asked, part):
    """Ranges as browsers and download managers ask for them."""
    answer = await client.get(file["url"], range=asked)
    start, end, _ = part.indices(10_000)
    assert answer.status == 206
    assert answer.body == stage.sites.files[0][part]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/10000"


async def test_a_range_beyond_the_end_is_refused(client, file):
    """With the length in the answer."""
    answer = await client.get(file["url"], range="bytes=10000-")
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */10000")


async def test_a_changed_file_is_not_continued(client, stage, file):
    """If-Range of another version gets the whole."""
    answer = await client.get(file["url"], range="bytes=5-9", if_range='"other"')
    assert (answer.status, answer.body) == (200, stage.sites.files[0])


async def test_head_tells_the_size(client, file):
    """Download managers ask first."""
    answer = await client.ask("HEAD", file["url"])
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "10000")
    assert answer.headers["accept-ranges"] == "bytes"


async def test_only_the_token_opens_it(client, file):
    """Any name will do, no other token does."""
    token = file["url"].split("/")[4]
    assert (await client.get(f"/api/v1/files/{token}/other")).status == 200
    for other in ("x" * len(token), "..", "%2e%2e", token[:-1]):
        answer = await client.get(f"/api/v1/files/{other}/video.mp4")
        assert answer.status in {404, 410}


async def test_a_file_that_left_the_shelf_is_told_so(stage, client, file):
    """Even where it left between the look and the read."""
    for place in (stage.app.settings.data_dir / "shelf").iterdir():
        (place / "content").unlink()
    answer = await client.get(file["url"])
    assert (answer.status, answer.error["code"]) == (410, "expired")


async def test_several_files_of_one_post(stage):
    """Each has its own address and number."""
    stage.sites.files = [b"a", b"bb", b"ccc"]
    stage.sites.kind, stage.sites.mime, stage.sites.suffix = "photo", "image/jpeg", ".jpg"
    stage.sites.title = "Three birds"
    job = await stage.order()
    files = (await stage.until(job["id"], "done"))["files"]
    assert [file["name"] for file in files] == [f"Three birds ({number} of 3).jpg" for number in (1, 2, 3)]
    assert [(await stage.client.get(file["url"])).body for file in files] == stage.sites.files


async def test_a_done_job_without_files_is_expired(tmp_path):
    """The page then offers to fetch it again."""
    async with staged(tmp_path, storage=with_storage(tmp_path, shelf_minutes=0.0001)) as stage:
        job = await stage.order()
        done = await stage.until(job["id"], "done")
        while not done["expired"]:
            done = await stage.until(job["id"], "done")
        assert done["files"] == []


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("bird.mp4", "attachment; filename=\"bird.mp4\"; filename*=UTF-8''bird.mp4"),
        ("Möwe 鳥.mp4", "attachment; filename=\"M_we _.mp4\"; filename*=UTF-8''M%C3%B6we%20%E9%B3%A5.mp4"),
        ('a"b\\c%41.mp4', "attachment; filename=\"a_b_c_41.mp4\"; filename*=UTF-8''a%22b%5Cc%2541.mp4"),
        (
            "a\r\nSet-Cookie: x.mp4",
            "attachment; filename=\"a__Set-Cookie: x.mp4\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x.mp4",
        ),
    ],
)
def test_any_name_is_a_valid_header(name, header):
    """RFC 6266, with a plain name for old readers, and no way out of the header."""
    assert disposition(name) == header
