"""A Telegram server on loopback that the real client signs in to, and people who use it.

    async with running_server() as telegram:                        # harness: server, world, bot, alice
        environment = telegram.env()                                # for a bot process of its own
        said = await telegram.alice.say(telegram.bot, "https://example.org/clip.mp4")
        menu = await telegram.alice.wait_for(lambda m: m.buttons, after=said)
        answer = await telegram.alice.press(menu, "720p")           # by text, a part of it, or data
        video = await telegram.alice.wait_for(lambda m: m.file, 30, after=menu)
        video.file.sha256, video.file.path, video.file.width        # contents lie on the disk
        menu.versions, menu.edit_gaps, menu.deleted_at              # what became of a message, and when

`python -m tests.telegram_server` starts it alone, with a line protocol (`help`).

Addresses. One port per data centre; TELEGRAM_SERVER names that of the first one (2), where a client without a session
arrives. The others are told by help.getConfig, all on 127.0.0.1. So a client exchanges only the address that it knows
by itself and takes those from help.getConfig as they are (`client.client_for` does). The PEM in TELEGRAM_SERVER_KEY
holds for all of them. `home_dc=4` moves an account (USER_MIGRATE), `world.files.dc = 4` the files sent from then on.

Faults. `server.faults.add(method, effect, times=, skip=, when=)` with RpcError, flood_wait, Cut, Mute, Late;
`repeat_updates`, `hold_updates` with `server.release_updates()`, `lose_updates`; `server.cut_connections()`,
`server.restart()`; `file.expire()`; `world.queries.expire()`; `server.one_session_per_key`; `person.deactivated`.

Judging. `world.ledger.repeats` holds every send whose random id had been used (`ledger.code` and `ledger.answers_again`
choose how it is answered), `alice.copies()` the files that came more than once, `server.calls_of("messages.edit")` the
requests, `world.actions` the chat actions, `world.failures` what broke in the server itself.

As at Telegram: bots write only to who has started them, hear in groups only what is meant for them unless
`bot.privacy = False` or they are admins, resolve people they have met without an access hash, and see no history.
"""
