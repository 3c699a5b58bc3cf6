"""A Telegram server on loopback that the real client signs in to, and people who use it.

    async with running_server() as telegram:
        bot_process_environment = telegram.env()
        message = await telegram.alice.say(telegram.bot, "/start")
        answer = await telegram.alice.wait_for(lambda m: "hello" in m.text.lower())
        await telegram.alice.press(answer, "720p")

One port per data centre; `TELEGRAM_SERVER` names that of the first one (2), where a client without a session arrives.
The others are told by help.getConfig, on 127.0.0.1. So a client exchanges only the address that it knows by itself and
takes those from help.getConfig as they are. The key in `TELEGRAM_SERVER_KEY` holds for all of them.
"""
