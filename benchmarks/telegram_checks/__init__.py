"""The Telegram side, tried out with real daemons against a strict fake server: each check prints one line with its figure.

    python -m benchmarks.telegram_checks [--long] [--jobs 2] --botapi FAKEBOTAPI.py [TG1 …]

The harness and the stage are those of ``benchmarks.trust``. What a check counts, the server itself counts too: every check also fails when
the server saw a send during a pause it had asked for, a link it dropped, a button that was never answered, or when the token stands in
anything that a daemon wrote. Daemons are started in turn at INFO and at DEBUG.
"""
