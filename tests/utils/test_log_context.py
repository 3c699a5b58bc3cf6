"""Correlation ids: they reach every line of a task and of what it starts, and no other."""

import asyncio

import structlog

from utils.log_context import log_context


async def test_values_reach_the_task_and_its_children_only():
    """The tasks beside it and the one that made it know nothing of them; those that were there before stay."""
    seen = {}

    async def child():
        seen["child"] = structlog.contextvars.get_contextvars()

    async def work():
        seen["work"] = structlog.contextvars.get_contextvars()
        await asyncio.create_task(child())

    async def other():
        seen["other"] = structlog.contextvars.get_contextvars()

    async def all_of_it():
        structlog.contextvars.bind_contextvars(update="u1")
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(work(), context=log_context(job="j1")), loop.create_task(other())]
        await asyncio.gather(*tasks)
        seen["maker"] = structlog.contextvars.get_contextvars()

    await asyncio.create_task(all_of_it())
    assert seen == {
        "work": {"update": "u1", "job": "j1"},
        "child": {"update": "u1", "job": "j1"},
        "other": {"update": "u1"},
        "maker": {"update": "u1"},
    }
