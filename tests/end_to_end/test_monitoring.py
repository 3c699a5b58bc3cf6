"""What the real process tells of itself: /status by its schema, /metrics, ids in the log, alerts to the owner."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.test_status import faults
from tests.end_to_end.bot_process import bot_process
from tests.end_to_end.test_bad_input import sentence
from tests.end_to_end.test_links import SECONDS, file_for

pytestmark = pytest.mark.process
RULES = """\
rules:
  - {name: memory_critical, metric: memory, threshold: 0.01, level: critical}
  - {name: telegram_down, metric: telegram_down_seconds, threshold: 1, clear: 0}
"""


async def scrape(bot):
    """(name, label values) -> value of /metrics."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bot.port)
    writer.write(f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{bot.port}\r\nConnection: close\r\n\r\n".encode())
    text = (await reader.read()).partition(b"\r\n\r\n")[2].decode()
    writer.close()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_job_is_followed_from_the_message_to_the_file(bot, telegram, sites):
    """Its phases in /status, its counts in /metrics, its id in every line of its way, all as the schema says."""
    status = (await bot.get("/status"))[1]
    assert faults(status) == []
    await file_for(telegram, sites.youtube.samples()["clip"], "720p")
    await bot.logged("job ended")
    said = await telegram.alice.say(telegram.bot, f"{sites.public_url}/fault/status/404/clip.mp4")
    await telegram.alice.wait_for(lambda m: sentence("removed") in m.text, SECONDS, after=said)
    status = (await bot.get("/status"))[1]
    assert faults(status) == []
    assert status["downloads"]["total"] == status["platforms"]["youtube"]["success"] == 1
    assert set(status["monitoring"]["phases"]) >= {"queue", "probe", "download", "merge", "upload"}
    assert status["monitoring"]["categories"] == {"item": 1}
    assert status["alerts"]["active"] == []
    counted = await scrape(bot)
    assert counted["goldcrest_jobs_total", "done", "youtube"] == 1
    assert counted["goldcrest_phase_seconds_count", "upload"] == 1
    assert counted["goldcrest_egress_received_bytes_total",] > 100_000
    accepted = next(line for line in bot.log if line["event"] == "job accepted")
    assert accepted["update"]
    ended = next(line for line in bot.log if line["event"] == "job ended")
    assert ended["job"] == accepted["job"]


async def test_the_owner_hears_of_trouble_also_of_telegrams_own(tmp_path, telegram, settings):
    """What is raised is told at once, once he has begun a chat; what could not be told is told later."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    alerts = {"INTERVAL_SECONDS": "2", "GAP_SECONDS": "1", "RULES": str(rules)}
    alerts = {f"GOLDCREST_ALERTS__{key}": value for key, value in alerts.items()}
    async with bot_process(tmp_path / "data", settings, alerts) as bot:
        await telegram.alice.start(telegram.bot)
        told = await telegram.alice.wait_for(lambda m: "Memory in use" in m.text, 2 * SECONDS)
        assert told.text.endswith("% (limit 1 %)")
        assert (await bot.get("/health"))[1]["reasons"] == ["alert: memory_critical"]
        assert (await bot.get("/health"))[1]["status"] == "degraded"
        await telegram.server.stop()
        async with asyncio.timeout(SECONDS):
            while not any(line.get("rule") == "telegram_down" for line in bot.log):
                await asyncio.sleep(0.05)
        status = (await bot.get("/status"))[1]
        assert faults(status) == []
        assert {rule["name"] for rule in status["alerts"]["active"]} == {"memory_critical", "telegram_down"}
        await telegram.server.start()
        back = await telegram.alice.wait_for(lambda m: "Telegram out of reach" in m.text, SECONDS, after=told)
        assert "Memory" not in back.text


async def test_a_bad_file_of_rules_ends_the_start(tmp_path):
    """With one line that names the file and what is wrong."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - {name: luck, metric: luck, threshold: 1}\n")
    with pytest.raises(AssertionError, match=r"rules\.yaml: luck watches 'luck'; it must be one of memory, disk"):
        async with bot_process(tmp_path / "data", {"GOLDCREST_ALERTS__RULES": str(rules)}):
            pass
